import { Button, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { useMay } from '../../api/permissions.ts'
import type { EntityScope } from '../../api/reference.ts'
import { Form } from '../../design/form.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { FailureNote } from '../../design/states.tsx'
import classes from './delegates.module.css'
import { type Place, PlaceControl, useScopeOf } from './place.tsx'

export interface ChosenToken {
  name: string
  scope: EntityScope
  /** Known only of one that was made just now. */
  value: string | undefined
}

const CHOICES_MAX = 100

/** Makes a token, or takes one that is there. */
export function InstallToken({
  chosen,
  onChoose,
}: {
  chosen: ChosenToken | undefined
  onChoose: (token: ChosenToken | undefined) => void
}) {
  const queryClient = useQueryClient()
  const [place, setPlace] = useState<Place>('account')
  const scope = useScopeOf(place)
  const mayEdit = useMay('core_delegate_edit', scope)
  const [name, setName] = useState('my-delegates')
  const tokens = useQuery({
    queryKey: ['delegate-tokens', scope, 'active'],
    queryFn: ({ signal }) =>
      call('listDelegateTokens', { query: { ...scope, status: 'ACTIVE', pageSize: CHOICES_MAX } }, { signal }),
  })
  const names = (tokens.data?.content ?? []).map((token) => token.name)
  const create = useMutation({
    mutationFn: () => call('createDelegateToken', { query: scope, body: { delegateToken: { ...scope, name } } }),
    onSuccess: async ({ delegateToken, value }) => {
      onChoose({ name: delegateToken.name, scope, value })
      await queryClient.invalidateQueries({ queryKey: ['delegate-tokens'] })
    },
  })
  if (chosen !== undefined) {
    return (
      <div className={classes.wait} data-size="small">
        <span className={classes.waitWords}>
          <strong>{chosen.name}</strong>
          <small>
            {chosen.value === undefined
              ? 'Its value was shown when it was made. Put it where the command says <token>.'
              : 'Made just now. The command below holds its value: it is shown on this page only, until you leave.'}
          </small>
        </span>
        <Button variant="default" onClick={() => onChoose(undefined)}>
          Another token
        </Button>
      </div>
    )
  }
  return (
    <Form
      label="Token to enrol with"
      onSubmit={() => create.mutate()}
      error={fieldProblem(create.error, 'delegateToken.name') === undefined ? create.error : undefined}
      actions={null}
    >
      <div className={classes.start}>
        <PlaceControl value={place} onChange={setPlace} />
      </div>
      <div className={classes.fields}>
        <TextInput
          label="New token"
          required
          withAsterisk={false}
          maxLength={64}
          error={fieldProblem(create.error, 'delegateToken.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <GuardedButton may={mayEdit} type="submit" size="sm" loading={create.isPending}>
          Create token
        </GuardedButton>
        <Select
          label="Or one that you have"
          placeholder={names.length === 0 ? 'There are none' : 'Choose'}
          disabled={names.length === 0}
          data={names}
          value={null}
          onChange={(picked) => {
            if (picked !== null) onChoose({ name: picked, scope, value: undefined })
          }}
        />
      </div>
      <FailureNote error={tokens.error} onRetry={() => void tokens.refetch()} />
    </Form>
  )
}
