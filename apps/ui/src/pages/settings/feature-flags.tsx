import { Switch } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call, type Output } from '../../api/call.ts'
import { ACCOUNT, useMay } from '../../api/permissions.ts'
import { Panel } from '../../design/page.tsx'
import { FailedState, FailureNote, LoadingRows } from '../../design/states.tsx'
import classes from './settings.module.css'

type Flag = Output<'getCurrentAccount'>['featureFlags'][number]

/** Switches of the account: each takes effect at once. */
export function FeatureFlags() {
  const account = useQuery({
    queryKey: ['account'],
    queryFn: ({ signal }) => call('getCurrentAccount', {}, { signal }),
  })
  return (
    <Panel title="Feature flags of the account" isFlush>
      {account.data === undefined ? (
        account.error === null ? (
          <LoadingRows rows={1} height={40} />
        ) : (
          <FailedState error={account.error} onRetry={() => void account.refetch()} />
        )
      ) : (
        account.data.featureFlags.map((flag) => <FlagRow key={flag.name} flag={flag} />)
      )}
    </Panel>
  )
}

function FlagRow({ flag }: { flag: Flag }) {
  const queryClient = useQueryClient()
  const may = useMay('core_account_edit', ACCOUNT)
  const turn = useMutation({
    mutationFn: (enabled: boolean) => call('updateFeatureFlag', { params: { name: flag.name }, body: { enabled } }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['account'] }),
  })
  return (
    <div className={classes.row}>
      <div className={classes.words}>
        <strong>{flag.name}</strong>
        <span>{flag.description}</span>
        <FailureNote error={turn.error} />
      </div>
      <div className={classes.field}>
        <Switch
          label={flag.enabled ? 'On' : 'Off'}
          aria-label={flag.name}
          description={may.reason}
          disabled={!may.isAllowed || turn.isPending}
          checked={turn.isPending ? turn.variables : flag.enabled}
          onChange={(event) => turn.mutate(event.currentTarget.checked)}
        />
      </div>
    </div>
  )
}
