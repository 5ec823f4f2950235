import { Button, Modal, PasswordInput, SegmentedControl, Stack, Switch, Input } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { ACCOUNT, useMay } from '../../api/permissions.ts'
import { useProject } from '../../api/project.ts'
import { referenceTo } from '../../api/reference.ts'
import { valueProblem } from '../../api/secret.ts'
import { Form } from '../../design/form.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { NameFields, NO_NAME } from '../../design/name-fields.tsx'
import { TagsField } from '../../design/tags.tsx'

/** Stores a new secret in the project or, for all projects, in the account. */
export function CreateSecret({ onMade, onClose }: { onMade: (reference: string) => void; onClose: () => void }) {
  const { query } = useProject()
  const queryClient = useQueryClient()
  const [place, setPlace] = useState('project')
  const scope = place === 'account' ? ACCOUNT : query
  const mayEdit = useMay('core_secret_edit', scope)
  const [naming, setNaming] = useState(NO_NAME)
  const [value, setValue] = useState('')
  const [tags, setTags] = useState<Record<string, string>>({})
  const [connectorsOnly, setConnectorsOnly] = useState(true)
  const store = useMutation({
    mutationFn: () =>
      call('createSecret', {
        query: scope,
        body: {
          secret: {
            ...scope,
            name: naming.name,
            identifier: naming.identifier,
            type: 'SecretText',
            tags,
            spec: { valueType: 'Inline', value, connectorsOnly },
          },
        },
      }),
    onSuccess: async ({ secret }) => {
      setValue('')
      await queryClient.invalidateQueries({ queryKey: ['secrets'] })
      onMade(referenceTo(secret))
    },
  })
  const atValue = valueProblem(store.error)
  return (
    <Modal opened onClose={onClose} title="New secret" size="lg" closeOnClickOutside={false}>
      <Form
        label="New secret"
        onSubmit={() => store.mutate()}
        error={atValue === undefined ? store.error : undefined}
        actions={
          <>
            <GuardedButton may={mayEdit} type="submit" loading={store.isPending}>
              Store secret
            </GuardedButton>
            <Button variant="subtle" color="gray" onClick={onClose}>
              Cancel
            </Button>
          </>
        }
      >
        <NameFields
          value={naming}
          onChange={setNaming}
          autoFocus
          nameError={fieldProblem(store.error, 'secret.name')}
          identifierError={fieldProblem(store.error, 'secret.identifier')}
        />
        <PasswordInput
          label="Value"
          description="Sealed as soon as it arrives. Nobody can read it here again."
          required
          withAsterisk={false}
          autoComplete="new-password"
          error={atValue}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        <Stack gap={6}>
          <Input.Wrapper label="Belongs to" labelElement="div">
            <div>
              <SegmentedControl
                size="xs"
                aria-label="Belongs to"
                data={[
                  { value: 'project', label: 'This project' },
                  { value: 'account', label: 'The account, for all projects' },
                ]}
                value={place}
                onChange={setPlace}
              />
            </div>
          </Input.Wrapper>
        </Stack>
        <PipelinesSwitch connectorsOnly={connectorsOnly} onChange={setConnectorsOnly} />
        <TagsField value={tags} onChange={setTags} />
      </Form>
    </Modal>
  )
}

/** Whether pipelines may read the secret by an expression. */
export function PipelinesSwitch({
  connectorsOnly,
  onChange,
}: {
  connectorsOnly: boolean
  onChange: (connectorsOnly: boolean) => void
}) {
  return (
    <Switch
      label="Pipelines may read it, too"
      description="By an expression in their YAML. Off: only connectors use it."
      checked={!connectorsOnly}
      onChange={(event) => onChange(!event.currentTarget.checked)}
    />
  )
}
