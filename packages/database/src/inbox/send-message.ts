import { AppError } from '@sluice/contracts/errors'
import type { InboxName } from '@sluice/contracts/queues'
import { context, propagation } from '@opentelemetry/api'
import { inboxTable } from '../bootstrap/inbox-table.ts'
import { runSql, type SqlTransaction } from '../pool/transaction.ts'

/** Larger results travel as chunks of `delegate.task_output`. */
const MAX_BODY_BYTES = 1024 * 1024

export interface OutgoingMessage {
  to: InboxName
  accountId: string
  /** Attempt id and kind, or whatever names the message: the same id lands once. */
  id: string
  kind: string
  body: Record<string, unknown>
}

/**
 * Puts a message into another service's inbox within the sender's own transaction; sent again it changes nothing.
 * The trace that is active here goes along as `traceparent`. Wake the receiver after commit with `queues.wake`.
 * @throws AppError BODY_TOO_LARGE above 1 MiB
 */
export async function sendMessage(tx: SqlTransaction, message: OutgoingMessage): Promise<void> {
  const carrier: Record<string, string> = {}
  propagation.inject(context.active(), carrier)
  const { traceparent } = carrier
  const body = JSON.stringify(traceparent === undefined ? message.body : { ...message.body, traceparent })
  if (Buffer.byteLength(body) > MAX_BODY_BYTES) {
    throw new AppError(
      'BODY_TOO_LARGE',
      `The message "${message.id}" is larger than 1 MiB. Store its output and send a reference.`,
    )
  }
  // No conflict target: naming one needs a right to read, which senders don't have.
  await runSql(
    tx,
    `insert into ${inboxTable(message.to)} (account_id, id, kind, body) values ($1, $2, $3, $4::jsonb) on conflict do nothing`,
    [message.accountId, message.id, message.kind, body],
  )
}
