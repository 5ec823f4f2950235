import { Drawer } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { SchemaForm } from '../schema/schema-form.tsx'

/** Makes a schema of what exists already: a git connector and a changelog in it. */
export function NewSchemaDrawer({ onClose }: { onClose: () => void }) {
  const { org, project } = useProject()
  const paths = usePaths()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  return (
    <Drawer opened onClose={onClose} title="New DB schema" size={560} closeOnClickOutside={false}>
      <SchemaForm
        submitLabel="Create schema"
        onCancel={onClose}
        onSubmit={async ({ naming, changelog, tags }) => {
          const made = await call('createDbSchema', {
            params: { org, project },
            body: {
              name: naming.name,
              identifier: naming.identifier,
              tags,
              type: 'Repository',
              migrationType: 'Liquibase',
              changelog,
            },
          })
          await queryClient.invalidateQueries({ queryKey: ['schemas'] })
          await navigate({ to: paths.schema(made.identifier) })
        }}
      />
    </Drawer>
  )
}
