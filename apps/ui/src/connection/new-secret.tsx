import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type KeyboardEvent, useState } from 'react'
import { call } from '../api/call.ts'
import { fieldProblem } from '../api/field-problem.ts'
import { ApiProblem } from '../api/problem.ts'
import { useProject } from '../api/project.ts'
import { referenceTo } from '../api/reference.ts'
import { identifierOf } from '../design/identifier.ts'
import { NameFields, type Naming } from '../design/name-fields.tsx'
import { FailureNote } from '../design/states.tsx'
import classes from './secret-picker.module.css'

interface NewSecretProps {
  /** What the secret is for, as the field that it is made in is called. */
  label: string
  suggestedName?: string
  /** Gets the reference of the stored secret. */
  onMade: (reference: string) => void
  onCancel: () => void
}

/** Stores a secret from within another form; Enter stores it, Escape leaves. */
export function NewSecret({ label, suggestedName = '', onMade, onCancel }: NewSecretProps) {
  const { query } = useProject()
  const queryClient = useQueryClient()
  const [naming, setNaming] = useState<Naming>({
    name: suggestedName,
    identifier: identifierOf(suggestedName),
    isOwn: false,
  })
  const [value, setValue] = useState('')
  const store = useMutation({
    mutationFn: () =>
      call('createSecret', {
        query,
        body: {
          secret: {
            ...query,
            name: naming.name,
            identifier: naming.identifier,
            type: 'SecretText',
            spec: { valueType: 'Inline', value },
          },
        },
      }),
    onSuccess: async ({ secret }) => {
      setValue('')
      await queryClient.invalidateQueries({ queryKey: ['secrets'] })
      onMade(referenceTo(secret))
    },
  })
  const isComplete = naming.name.trim() !== '' && naming.identifier !== '' && value !== ''
  const tooShort =
    store.error instanceof ApiProblem && store.error.code === 'SECRET_TOO_SHORT' ? store.error.message : undefined
  // A form within a form is not allowed, and Enter here must not submit the outer one.
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      onCancel()
    }
    if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return
    event.preventDefault()
    if (isComplete && !store.isPending) store.mutate()
  }
  return (
    <fieldset className={classes.new} onKeyDown={onKeyDown}>
      <legend>{label}: new secret</legend>
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
        autoComplete="new-password"
        error={tooShort ?? fieldProblem(store.error, 'secret.spec.value')}
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
      />
      {tooShort === undefined ? <FailureNote error={store.error} /> : null}
      <div className={classes.newActions}>
        <Button variant="subtle" color="gray" onClick={onCancel}>
          Use another
        </Button>
        <Button disabled={!isComplete} loading={store.isPending} onClick={() => store.mutate()}>
          Store secret
        </Button>
      </div>
    </fieldset>
  )
}
