import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths } from '../../api/project.ts'
import type { DbInstance, SchemaAddress } from '../../api/schemas.ts'
import { DeleteDialog } from '../../design/delete-dialog.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Panel } from '../../design/page.tsx'
import { savingOver } from '../schema/save-conflict.ts'
import classes from '../schema/settings-tab.module.css'
import { instanceChange } from './instance-draft.ts'
import { InstanceForm } from './instance-form.tsx'

/** What an instance is made of, and its end. */
export function InstanceSettings({ address, instance }: { address: SchemaAddress; instance: DbInstance }) {
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const paths = usePaths()
  const mayEdit = useMay('dbops_instance_edit')
  const mayDelete = useMay('dbops_instance_delete')
  const [isDeleting, setDeleting] = useState(false)
  // What the form began with: somebody else's change must not take away what is typed.
  const [base, setBase] = useState(instance)
  const params = { ...address, instance: instance.identifier }
  const readAgain = () =>
    Promise.all([
      queryClient.invalidateQueries({ queryKey: ['instances'] }),
      queryClient.invalidateQueries({ queryKey: ['schemas'] }),
      queryClient.invalidateQueries({ queryKey: ['matrix', address] }),
    ])
  return (
    <div className={classes.columns}>
      <Panel title="Settings">
        {mayEdit.reason === undefined ? null : <p className={classes.reason}>{mayEdit.reason}</p>}
        <InstanceForm
          key={base.version}
          address={address}
          instance={base}
          submitLabel="Save"
          isReadOnly={!mayEdit.isAllowed}
          onSubmit={async (draft) => {
            const saved = await savingOver('instance', () =>
              call('updateDbInstance', { params, body: { ...instanceChange(draft), version: base.version } }),
            )
            await readAgain()
            setBase(saved)
            notifications.show({ message: `${draft.naming.name} is saved.` })
          }}
        />
      </Panel>
      <Panel title="Delete">
        <p className={classes.words}>
          Takes away the instance and what Sluice knows of it. The database and its history table stay as they are.
        </p>
        {mayDelete.isAllowed ? (
          <Button color="red" variant="light" onClick={() => setDeleting(true)}>
            Delete instance
          </Button>
        ) : (
          <GuardedButton may={mayDelete}>Delete instance</GuardedButton>
        )}
      </Panel>
      {isDeleting ? (
        <DeleteDialog
          kind="instance"
          name={instance.name}
          hasToBeTyped
          onClose={() => setDeleting(false)}
          onDelete={async () => {
            await call('deleteDbInstance', { params })
            await navigate({ to: paths.schema(address.schema), search: { tab: 'instances' } })
            await readAgain()
          }}
        >
          Pipelines that name it fail from then on. The database stays as it is.
        </DeleteDialog>
      ) : null}
    </div>
  )
}
