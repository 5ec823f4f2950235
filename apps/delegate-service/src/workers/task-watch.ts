import { createPeriodic, type Runner } from '@sluice/database'
import type { Deps } from '../deps.ts'
import { assignTask } from '../modules/task/assign-task.ts'
import { applyTaskEvent } from '../modules/task/end-task.ts'

const EVERY_MS = 2_000
/** An offer is decided within 2 s by the connection that made it; later only where that replica died. */
const OFFER_STALE_MS = 6_000
/** A connection whose replica died: three heartbeats of 5 s and some. */
const CONNECTION_STALE_MS = 20_000
/** Time that a task past its timeout has to stop by itself before it counts as lost. */
const STOP_GRACE_MS = 120_000
const PASS_SIZE = 500

interface Row {
  account_id: string
  id: string
}

/** Looks at the rows that nobody's socket would move: leases, queue times, timeouts, replicas that died. */
export function createTaskWatch(deps: Deps): Runner {
  const run = async (): Promise<void> => {
    const now = new Date(deps.now())
    await deps.prisma.delegate.updateMany({
      where: { connected: true, lastHeartbeatAt: { lt: new Date(now.getTime() - CONNECTION_STALE_MS) } },
      data: { connected: false },
    })
    const stale = await deps.prisma.$queryRaw<(Row & { offer_id: string })[]>`
      select account_id, id, offer_id from task
       where state = 'offered' and offered_at < ${new Date(now.getTime() - OFFER_STALE_MS)} limit ${PASS_SIZE}`
    for (const row of stale)
      await applyTaskEvent(deps, row.account_id, row.id, { type: 'endOffer', offerId: row.offer_id })

    const late = await deps.prisma.$queryRaw<Row[]>`
      select account_id, id from task
       where state in ('granted', 'running') and cancel_reason is null
         and granted_at + ((submission->>'timeoutMs')::bigint * interval '1 millisecond') < ${now} limit ${PASS_SIZE}`
    for (const row of late)
      await applyTaskEvent(deps, row.account_id, row.id, {
        type: 'cancel',
        reason: 'the task ran longer than its timeout',
      })

    const stuck = await deps.prisma.$queryRaw<(Row & { offer_id: string })[]>`
      select account_id, id, offer_id from task
       where state in ('granted', 'running') and cancel_reason is not null
         and granted_at + (((submission->>'timeoutMs')::bigint + ${STOP_GRACE_MS}) * interval '1 millisecond') < ${now} limit ${PASS_SIZE}`
    for (const row of stuck) {
      const message =
        'The delegate did not stop the task in time. Look at the delegate and at the database before you run the step again.'
      await applyTaskEvent(deps, row.account_id, row.id, { type: 'lose', offerId: row.offer_id, message })
    }

    const over = await deps.prisma.$queryRaw<Row[]>`
      select account_id, id from task
       where (state = 'queued' and queued_until <= ${now}) or (state in ('granted', 'running') and lease_until <= ${now})
       limit ${PASS_SIZE}`
    for (const row of over) await applyTaskEvent(deps, row.account_id, row.id, { type: 'expire', now: now.getTime() })

    const queued = await deps.prisma.$queryRaw<Row[]>`
      select account_id, id from task where state = 'queued' order by created_at limit ${PASS_SIZE}`
    for (const row of queued) {
      // A delegate that declined a while ago may have room again.
      await deps.prisma.task.updateMany({
        where: { accountId: row.account_id, id: row.id, state: 'queued' },
        data: { rejections: {} },
      })
      await assignTask(deps, row.account_id, row.id)
    }
  }
  return createPeriodic({
    url: deps.config.databaseUrl,
    tasks: [{ name: 'delegate.watch', everyMs: EVERY_MS, run }],
    onError: (error) => deps.logger.error({ err: error }, 'task watch'),
  })
}

/** Keeps `last_heartbeat_at` of this replica's connections current, in one statement for all of them. */
export function createHeartbeatWriter(deps: Deps): Runner {
  let timer: NodeJS.Timeout | undefined
  const write = (): void => {
    const ids = deps.hub.connectionIds()
    if (ids.length === 0) return
    deps.prisma.delegate
      .updateMany({
        where: { connectionId: { in: ids }, connected: true },
        data: { lastHeartbeatAt: new Date(deps.now()) },
      })
      .catch((error: unknown) => deps.logger.warn({ err: error }, 'heartbeats not stored'))
  }
  return {
    start: async () => {
      timer = setInterval(write, 5_000)
      timer.unref()
    },
    stop: async () => clearInterval(timer),
  }
}
