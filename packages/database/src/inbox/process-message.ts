import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { runSql, type SqlTransaction, type Transact } from '../pool/transaction.ts'
import type { Row } from '../queues/create-queues.ts'
import { InboxRow, toMessage, type Message } from './message.ts'

/**
 * Applies one message inside the transaction that marks it processed. A throw rolls both back, and the message is tried
 * again; an outcome that no retry would change is stored and returned from normally.
 * What is returned runs after commit: wake-ups and publications.
 */
export type InboxHandler<Tx extends SqlTransaction> = (
  message: Message,
  tx: Tx,
) => Promise<void | (() => Promise<void>)>

/** A message of a kind that this version of the service does not know. */
export class UnknownKindError extends Error {
  constructor(kind: string) {
    super(`Nothing handles messages of kind "${kind}".`)
    this.name = 'UnknownKindError'
  }
}

export interface ProcessOptions<Tx extends SqlTransaction> {
  /** `schema.inbox`, ready for use in SQL. */
  table: string
  row: Row
  transact: Transact<Tx>
  handlers: Partial<Record<string, InboxHandler<Tx>>>
}

/**
 * Claims one message and applies it. A message that is done, dead, not due or held by another replica is left alone.
 * @returns what to run after commit, if anything
 */
export async function processMessage<Tx extends SqlTransaction>(
  options: ProcessOptions<Tx>,
): Promise<(() => Promise<void>) | undefined> {
  const { table, row } = options
  return options.transact(async (tx) => {
    const [claimed] = await runSql(
      tx,
      `select account_id, id, kind, body, sender::text as sender, attempts, created_at from ${table}
        where account_id = $1 and id = $2 and processed_at is null and dead_at is null and next_attempt_at <= now()
          for update skip locked`,
      [row.accountId, row.id],
    )
    if (claimed === undefined) return undefined
    const { message, traceparent } = toMessage(InboxRow.parse(claimed))
    const handler = options.handlers[message.kind]
    if (!handler) throw new UnknownKindError(message.kind)
    const afterCommit = await inTrace(traceparent, message, () => handler(message, tx))
    await runSql(tx, `update ${table} set processed_at = now() where account_id = $1 and id = $2`, [
      row.accountId,
      row.id,
    ])
    return afterCommit ?? undefined
  })
}

/** Continues the sender's trace, so that one run is one trace although nobody waits for the answer. */
function inTrace<Result>(
  traceparent: string | undefined,
  message: Message,
  work: () => Promise<Result>,
): Promise<Result> {
  const parent = traceparent === undefined ? context.active() : propagation.extract(context.active(), { traceparent })
  return context.with(parent, () =>
    trace
      .getTracer('@sluice/database')
      .startActiveSpan(`inbox ${message.kind}`, { kind: SpanKind.CONSUMER }, async (span) => {
        span.setAttributes({ 'messaging.message.id': message.id, 'sluice.sender': message.sender })
        try {
          return await work()
        } catch (error) {
          span.setStatus({
            code: SpanStatusCode.ERROR,
            message: error instanceof Error ? error.message : String(error),
          })
          throw error
        } finally {
          span.end()
        }
      }),
  )
}
