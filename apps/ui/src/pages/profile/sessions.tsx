import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { CutText, Dim, RowActions, TwoLines } from '../../design/cell.tsx'
import { ConfirmDialog } from '../../design/confirm-dialog.tsx'
import { DataTable } from '../../design/data-table.tsx'
import { FailureNote } from '../../design/states.tsx'
import { Ago, dateText } from '../../design/time.tsx'
import classes from './profile.module.css'
import { userAgentText } from './user-agent.ts'

/** One's own open sessions; all but the one at hand can be ended. */
export function Sessions() {
  const queryClient = useQueryClient()
  const [isEndingOthers, setEndingOthers] = useState(false)
  const sessions = useQuery({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => call('listSessions', {}, { signal }),
  })
  const end = useMutation({
    mutationFn: (identifier: string) => call('endSession', { params: { identifier } }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['sessions'] }),
  })
  const others = (sessions.data ?? []).filter((session) => !session.current).length
  return (
    <section className={classes.part} aria-labelledby="sessions">
      <div className={classes.partHead}>
        <div>
          <h2 id="sessions">Sessions</h2>
          <p>Where you are signed in. End what you don’t know.</p>
        </div>
        <Button variant="default" disabled={others === 0} onClick={() => setEndingOthers(true)}>
          End all others
        </Button>
      </div>
      <FailureNote error={end.error} />
      <DataTable
        label="Sessions"
        isTwoLine
        rows={sessions.data}
        error={sessions.data === undefined ? (sessions.error ?? undefined) : undefined}
        onRetry={() => void sessions.refetch()}
        rowKey={(session) => session.identifier}
        empty={null}
        columns={[
          {
            key: 'what',
            header: 'Program',
            cell: (session) => (
              <TwoLines
                first={
                  <CutText
                    text={`${userAgentText(session.userAgent)}${session.current ? ' (this one)' : ''}`}
                    title={session.userAgent}
                  />
                }
                second={session.kind === 'BROWSER' ? 'in a browser' : 'with a bearer token'}
              />
            ),
          },
          { key: 'from', header: 'From', width: 120, cell: ({ address }) => <Dim>{address ?? '–'}</Dim> },
          { key: 'used', header: 'Last used', width: 110, cell: ({ lastUsedAt }) => <Ago at={lastUsedAt} /> },
          { key: 'opened', header: 'Signed in', width: 110, cell: ({ createdAt }) => <Ago at={createdAt} /> },
          {
            key: 'expires',
            header: 'Ends at the latest',
            width: 210,
            cell: ({ expiresAt }) => <Dim>{dateText(expiresAt)}</Dim>,
          },
          {
            key: 'end',
            header: <span className="s-visually-hidden">Actions</span>,
            width: 80,
            cell: ({ identifier, current }) =>
              current ? null : (
                <RowActions>
                  <Button
                    variant="subtle"
                    color="red"
                    loading={end.isPending && end.variables === identifier}
                    onClick={() => end.mutate(identifier)}
                  >
                    End
                  </Button>
                </RowActions>
              ),
          },
        ]}
      />
      {isEndingOthers ? (
        <ConfirmDialog
          title={others === 1 ? 'End the other session?' : `End ${others} other sessions?`}
          verb="End them"
          onClose={() => setEndingOthers(false)}
          onConfirm={async () => {
            await call('endOtherSessions', {})
            await queryClient.invalidateQueries({ queryKey: ['sessions'] })
          }}
        >
          They are asked to sign in again at once. This one goes on.
        </ConfirmDialog>
      ) : null}
    </section>
  )
}
