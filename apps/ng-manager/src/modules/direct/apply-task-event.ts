import type { TaskEvent } from '@sluice/contracts/tasks'
import { runSql, type SqlTransaction } from '@sluice/database'
import type { Deps } from '../../deps.ts'
import { repositoryOutcome } from '../repository/repository-outcome.ts'
import { DIRECT_REQUEST_CHANNEL } from './direct-request.ts'
import { finishRequest } from './finish-request.ts'
import { reportDatabase } from './report-database.ts'

/** Applies an event of the delegate task behind a request. Events of requests that are finished or gone change nothing. */
export async function applyTaskEvent(
  deps: Deps,
  tx: SqlTransaction,
  accountId: string,
  event: TaskEvent,
): Promise<void> {
  const { taskId } = event
  switch (event.kind) {
    case 'task.assigned':
      await note(tx, accountId, taskId, { delegateName: event.delegateName })
      return
    case 'task.waiting':
      await note(tx, accountId, taskId, { waitingFor: event.message })
      return
    case 'task.finished': {
      const row = await deps.prisma.directRequest.findUnique({ where: { accountId_id: { accountId, id: taskId } } })
      if (row?.status !== 'RUNNING') return
      const isDatabase = row.kind === 'refresh' || row.kind === 'baseline'
      const outcome = isDatabase ? await reportDatabase(deps, row, event) : repositoryOutcome(row.kind, event)
      await finishRequest(tx, accountId, taskId, outcome)
    }
  }
}

async function note(
  tx: SqlTransaction,
  accountId: string,
  id: string,
  what: { delegateName?: string; waitingFor?: string },
): Promise<void> {
  await runSql(
    tx,
    `update direct_request set delegate_name = coalesce($3, delegate_name), waiting_for = $4
      where account_id = $1 and id = $2 and status = 'RUNNING'`,
    [accountId, id, what.delegateName ?? null, what.waitingFor ?? null],
  )
  await runSql(tx, 'select pg_notify($1, $2)::text', [DIRECT_REQUEST_CHANNEL, `${accountId}/${id}`])
}
