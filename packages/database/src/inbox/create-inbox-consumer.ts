import type { InboxName } from '@sluice/contracts/queues'
import type { Pool } from 'pg'
import { z } from 'zod'
import { inboxTable } from '../bootstrap/inbox-table.ts'
import type { SqlTransaction, Transact } from '../pool/transaction.ts'
import type { Row } from '../queues/create-queues.ts'
import { createWorker, type Runner } from '../queues/create-worker.ts'
import { processMessage, UnknownKindError, type InboxHandler } from './process-message.ts'

/**
 * True for an error that the same message meets every time: nothing handles its kind, or its body does not fit. A store that
 * is away, a lock, a time limit pass; giving such a message up would lose a result that nobody else keeps.
 */
function isHopeless(error: unknown): boolean {
  return error instanceof z.ZodError || error instanceof UnknownKindError
}

/** Rows that one pass of the reconciler looks at. */
const PASS_SIZE = 500
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 60_000
/** How long a processed message keeps the same message from landing again. */
const KEEP_PROCESSED_DAYS = 7

export interface InboxConsumerOptions<Tx extends SqlTransaction> {
  /** Redis URL of the service's own user. */
  redis: string
  /** Pool of the receiver's own role, for the consumer's bookkeeping. */
  pool: Pool
  inbox: InboxName
  /** Transactions that handlers run in: `transactOn(pool)`, or `(work) => prisma.$transaction(work)`. */
  transact: Transact<Tx>
  /** By kind of message. */
  handlers: Partial<Record<string, InboxHandler<Tx>>>
  concurrency?: number
  reconcileEveryMs?: number
  /**
   * A message that no retry can help (its body or kind is not understood) and that failed this often stays in the table
   * with `dead_at` and `last_error`, for a person to look at. Any other failure is tried again for ever.
   */
  maxAttempts?: number
  onError: (error: Error) => void
}

/**
 * Consumes an inbox: woken by id-only jobs, and by a reconciler that finds every row that is due (jobs lost with Redis,
 * a process killed in the middle, retries). Any number of replicas may run; a row is applied once.
 * The order of messages is not kept.
 */
export function createInboxConsumer<Tx extends SqlTransaction>(options: InboxConsumerOptions<Tx>): Runner {
  const table = inboxTable(options.inbox)
  const concurrency = options.concurrency ?? 8
  const maxAttempts = options.maxAttempts ?? 10
  const retries = new Set<NodeJS.Timeout>()
  let reconciling: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  const stopping = new AbortController()

  const report = (cause: unknown, sentence: string) => options.onError(new Error(sentence, { cause }))

  const handle = async (row: Row): Promise<void> => {
    let afterCommit: (() => Promise<void>) | undefined
    try {
      afterCommit = await processMessage({ table, row, transact: options.transact, handlers: options.handlers })
    } catch (error) {
      return recordFailure(row, error)
    }
    try {
      await afterCommit?.()
    } catch (error) {
      report(error, `What follows the message "${row.id}" of ${options.inbox} failed; the message itself is applied.`)
    }
  }

  const recordFailure = async (row: Row, error: unknown): Promise<void> => {
    const reason = error instanceof Error ? error.message : String(error)
    report(error, `The message "${row.id}" of ${options.inbox} could not be applied: ${reason}`)
    const { rows } = await options.pool.query(
      `update ${table}
          set attempts = attempts + 1, last_error = $3, dead_at = case when $7 and attempts + 1 >= $4 then now() end,
              next_attempt_at = now() + least($5 * power(2, least(attempts, 20)), $6) * interval '1 millisecond'
        where account_id = $1 and id = $2 and processed_at is null and dead_at is null
        returning dead_at is not null as dead, extract(epoch from next_attempt_at - now()) * 1000 as "retryInMs"`,
      [row.accountId, row.id, reason.slice(0, 4_000), maxAttempts, FIRST_RETRY_MS, LAST_RETRY_MS, isHopeless(error)],
    )
    const [state] = z.array(z.object({ dead: z.boolean(), retryInMs: z.coerce.number() })).parse(rows)
    if (!state || stopping.signal.aborted) return
    if (state.dead)
      return report(error, `The message "${row.id}" of ${options.inbox} is given up after ${maxAttempts} attempts.`)
    const retry = setTimeout(() => {
      retries.delete(retry)
      run(handle(row))
    }, state.retryInMs + 5)
    retries.add(retry)
  }

  const reconcile = async (): Promise<void> => {
    const { rows } = await options.pool.query(
      `select account_id as "accountId", id from ${table}
        where processed_at is null and dead_at is null and next_attempt_at <= now() order by next_attempt_at limit ${PASS_SIZE}`,
    )
    const due = z.array(z.object({ accountId: z.string(), id: z.string() })).parse(rows)
    const lanes = Array.from({ length: Math.min(concurrency, due.length) }, async () => {
      for (let row = due.shift(); row !== undefined && !stopping.signal.aborted; row = due.shift()) await handle(row)
    })
    await Promise.all(lanes)
    await options.pool.query(
      `delete from ${table} where (account_id, id) in
        (select account_id, id from ${table} where processed_at < now() - interval '${KEEP_PROCESSED_DAYS} days' limit ${PASS_SIZE})`,
    )
  }

  /** Work that nobody waits for; a database that is away is reported, and the next pass tries again. */
  const run = (work: Promise<void>): void => {
    work.catch((error: unknown) => report(error, `The inbox "${options.inbox}" could not be read; it is tried again.`))
  }

  const pass = async (): Promise<void> => {
    try {
      await reconcile()
    } catch (error) {
      report(error, `The inbox "${options.inbox}" could not be read; it is tried again.`)
    }
    reconciling = undefined
    if (!stopping.signal.aborted) timer = setTimeout(startPass, options.reconcileEveryMs ?? 15_000)
  }
  const startPass = (): void => {
    reconciling = pass()
  }

  const worker = createWorker({
    redis: options.redis,
    queue: options.inbox,
    handle,
    concurrency,
    onError: options.onError,
  })
  return {
    start: async () => {
      await worker.start()
      startPass()
    },
    stop: async () => {
      stopping.abort()
      clearTimeout(timer)
      for (const retry of retries) clearTimeout(retry)
      await Promise.all([worker.stop(), reconciling])
    },
  }
}
