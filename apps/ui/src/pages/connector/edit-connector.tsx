import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import type { EntityScope } from '../../api/reference.ts'
import { Form } from '../../design/form.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import type { ConnectorEnvelope } from './catalogue.ts'
import { ConnectorFields } from './connector-fields.tsx'
import { draftOf, inputOf } from './draft.ts'

/** Changes a stored connector. Somebody else's change in between is told, and nothing typed is lost. */
export function EditConnector({
  envelope,
  scope,
  onDone,
}: {
  envelope: ConnectorEnvelope
  scope: EntityScope
  onDone: () => void
}) {
  const queryClient = useQueryClient()
  const mayEdit = useMay('core_connector_edit', scope)
  const [draft, setDraft] = useState(() => draftOf(envelope.connector))
  // The version that the form began with: a newer one is somebody else's.
  const [version] = useState(envelope.version)
  const save = useMutation({
    mutationFn: () => call('updateConnector', { query: scope, body: { connector: inputOf(draft, scope), version } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['connectors'] })
      onDone()
    },
  })
  return (
    <Form
      label="Edit connector"
      onSubmit={() => save.mutate()}
      error={save.error}
      actions={
        <>
          <GuardedButton may={mayEdit} type="submit" loading={save.isPending}>
            Save
          </GuardedButton>
          <Button variant="subtle" color="gray" onClick={onDone}>
            Cancel
          </Button>
        </>
      }
    >
      <ConnectorFields draft={draft} onChange={setDraft} error={save.error} isStored />
    </Form>
  )
}
