import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths } from '../../api/project.ts'
import type { DbInstance, DbSchema, SchemaAddress } from '../../api/schemas.ts'
import { DeleteDialog } from '../../design/delete-dialog.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Facts, Panel } from '../../design/page.tsx'
import { dateText } from '../../design/time.tsx'
import { savingOver } from './save-conflict.ts'
import { SchemaForm } from './schema-form.tsx'
import classes from './settings-tab.module.css'

interface SettingsTabProps {
  address: SchemaAddress
  schema: DbSchema
  instances: readonly DbInstance[]
}

/** What a schema is made of, and its end. */
export function SettingsTab({ address, schema, instances }: SettingsTabProps) {
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const paths = usePaths()
  const mayEdit = useMay('dbops_schema_edit')
  const mayDelete = useMay('dbops_schema_delete')
  const [isDeleting, setDeleting] = useState(false)
  // What the form began with: somebody else's change must not take away what is typed.
  const [base, setBase] = useState(schema)
  return (
    <div className={classes.columns}>
      <Panel title="Settings">
        {mayEdit.reason === undefined ? null : <p className={classes.reason}>{mayEdit.reason}</p>}
        {schema.type === 'Script' ? (
          <p>The changelog of this schema comes from a script. Change it through the API.</p>
        ) : (
          <SchemaForm
            key={base.version}
            schema={base}
            instances={instances}
            submitLabel="Save"
            isReadOnly={!mayEdit.isAllowed}
            onSubmit={async ({ naming, changelog, tags, primary }) => {
              const saved = await savingOver('schema', () =>
                call('updateDbSchema', {
                  params: address,
                  body: {
                    name: naming.name,
                    tags,
                    changelog,
                    version: base.version,
                    ...(primary === undefined ? {} : { primaryDbInstanceId: primary }),
                  },
                }),
              )
              await queryClient.invalidateQueries({ queryKey: ['schemas'] })
              setBase(saved)
              notifications.show({ message: `${naming.name} is saved.` })
            }}
          />
        )}
      </Panel>
      <div className={classes.aside}>
        <Panel title="Facts">
          <Facts
            rows={[
              ['Identifier', <code key="id">{schema.identifier}</code>],
              ['Migrations', schema.migrationType],
              ['Created', dateText(schema.created)],
              ['Changed', dateText(schema.updated)],
              ['Version', schema.version],
            ]}
          />
        </Panel>
        <Panel title="Delete">
          <p className={classes.words}>
            Takes away the schema, its instances and what Sluice knows of them. The databases and their history tables
            stay as they are.
          </p>
          {mayDelete.isAllowed ? (
            <Button color="red" variant="light" onClick={() => setDeleting(true)}>
              Delete schema
            </Button>
          ) : (
            <GuardedButton may={mayDelete}>Delete schema</GuardedButton>
          )}
        </Panel>
      </div>
      {isDeleting ? (
        <DeleteDialog
          kind="schema"
          name={schema.name}
          hasToBeTyped={instances.length > 0}
          onClose={() => setDeleting(false)}
          onDelete={async () => {
            await call('deleteDbSchema', { params: address })
            await navigate({ to: paths.schemas })
            await queryClient.invalidateQueries({ queryKey: ['schemas'] })
          }}
        >
          {instances.length === 0
            ? 'It has no instances. Pipelines that name it fail from then on.'
            : `Its ${instances.length} ${instances.length === 1 ? 'instance goes' : 'instances go'} with it, and pipelines that name them fail from then on. The databases stay as they are.`}
        </DeleteDialog>
      ) : null}
    </div>
  )
}
