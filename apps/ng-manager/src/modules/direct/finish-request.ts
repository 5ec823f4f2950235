import type { RequestError } from '@sluice/contracts/dbops'
import { runSql, type SqlTransaction } from '@sluice/database'
import { DIRECT_REQUEST_CHANNEL } from './direct-request.ts'

export interface Outcome {
  status: 'SUCCESS' | 'FAILURE'
  result: unknown
  error: RequestError | undefined
  delegateName?: string | undefined
}

/** Stores the outcome of a request that still runs, and wakes who waits when the transaction commits. */
export async function finishRequest(
  tx: SqlTransaction,
  accountId: string,
  id: string,
  outcome: Outcome,
): Promise<void> {
  const rows = await runSql(
    tx,
    `update direct_request
        set status = $3, result = $4::jsonb, error = $5::jsonb, delegate_name = coalesce($6, delegate_name),
            waiting_for = null, finished_at = now()
      where account_id = $1 and id = $2 and status = 'RUNNING' returning id`,
    [
      accountId,
      id,
      outcome.status,
      JSON.stringify(outcome.result ?? {}),
      outcome.error === undefined ? null : JSON.stringify(outcome.error),
      outcome.delegateName ?? null,
    ],
  )
  if (rows.length === 0) return
  await runSql(tx, 'select pg_notify($1, $2)::text', [DIRECT_REQUEST_CHANNEL, `${accountId}/${id}`])
}
