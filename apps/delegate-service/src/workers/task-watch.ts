import { createPeriodic, type Runner } from '@sluice/database'
import type { Deps } from '../deps.ts'
import { announceDelegate } from '../modules/delegate/announce-delegate.ts'
import { assignQueued } from '../modules/task/assign-task.ts'
import { applyTaskEvent, type LifeEvent } from '../modules/task/end-task.ts'
import { TIMED_OUT } from '../modules/task/task-store.ts'

const PASS_SIZE = 500

interface Row {
  account_id: string
  id: string
  offer_id: string | null
}

/** Looks at the rows that nobody's socket would move: leases, queue times, timeouts, replicas that died. */
export function createTaskWatch(deps: Deps): Runner {
  return createPeriodic({
    url: deps.config.databaseUrl,
    tasks: [{ name: 'delegate.watch', everyMs: deps.timing.watchEveryMs, run: (signal) => look(deps, signal) }],
    onError: (error) => deps.logger.error({ err: error }, 'task watch'),
  })
}

async function look(deps: Deps, signal: AbortSignal): Promise<void> {
  const { prisma, timing } = deps
  const now = deps.now()
  const at = new Date(now)
  const gone = await prisma.delegate.updateManyAndReturn({
    where: { connected: true, lastHeartbeatAt: { lt: new Date(now - timing.connectionStaleMs) } },
    data: { connected: false },
    select: { accountId: true, id: true },
  })
  await Promise.all(gone.map(({ accountId, id }) => announceDelegate(deps, accountId, id)))
  const stale = await prisma.$queryRaw<Row[]>`
    select account_id, id, offer_id from task
     where closed_at is null and state = 'offered' and offered_at < ${new Date(now - timing.offerStaleMs)} limit ${PASS_SIZE}`
  await applyToAll(deps, signal, stale, (row) => ({ type: 'endOffer', offerId: row.offer_id ?? '' }))

  const late = await prisma.$queryRaw<Row[]>`
    select account_id, id, offer_id from task
     where closed_at is null and state in ('granted', 'running') and cancel_reason is null
       and granted_at + ((submission->>'timeoutMs')::bigint * interval '1 millisecond') < ${at} limit ${PASS_SIZE}`
  await applyToAll(deps, signal, late, () => ({ type: 'cancel', reason: TIMED_OUT }))

  const stuck = await prisma.$queryRaw<Row[]>`
    select account_id, id, offer_id from task
     where closed_at is null and state in ('granted', 'running') and cancel_reason is not null
       and granted_at + (((submission->>'timeoutMs')::bigint + ${timing.stopGraceMs}::bigint) * interval '1 millisecond') < ${at}
     limit ${PASS_SIZE}`
  const message =
    'The delegate did not stop the task in time. Look at the delegate and at the database before you run the step again.'
  await applyToAll(deps, signal, stuck, (row) => ({ type: 'lose', offerId: row.offer_id ?? '', message }))

  const over = await prisma.$queryRaw<Row[]>`
    select account_id, id, offer_id from task
     where closed_at is null
       and ((state = 'queued' and queued_until <= ${at}) or (state in ('granted', 'running') and lease_until <= ${at}))
     limit ${PASS_SIZE}`
  await applyToAll(deps, signal, over, () => ({ type: 'expire', now }))

  await assignWaiting(deps, signal)
}

async function assignWaiting(deps: Deps, signal: AbortSignal): Promise<void> {
  // A delegate that was busy a while ago may have room again; what its owner forbids stays until it connects anew.
  await deps.prisma.$executeRaw`
    update task set rejections = (
      select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each_text(rejections)
       where value like 'policy:%' or value like 'unsupported:%')
     where closed_at is null and state = 'queued' and exists (
      select 1 from jsonb_each_text(rejections) where value not like 'policy:%' and value not like 'unsupported:%')`
  const accounts = await deps.prisma.$queryRaw<{ account_id: string }[]>`
    select distinct account_id from task where closed_at is null and state = 'queued' limit ${PASS_SIZE}`
  for (const { account_id: accountId } of accounts) {
    if (signal.aborted) return
    await guarded(deps, { accountId }, () => assignQueued(deps, accountId))
  }
}

async function applyToAll(
  deps: Deps,
  signal: AbortSignal,
  rows: readonly Row[],
  eventOf: (row: Row) => LifeEvent,
): Promise<void> {
  for (const row of rows) {
    if (signal.aborted) return
    await guarded(deps, { accountId: row.account_id, taskId: row.id }, () =>
      applyTaskEvent(deps, row.account_id, row.id, eventOf(row)),
    )
  }
}

/** One row that can't be moved must not keep the others from it. */
async function guarded(deps: Deps, fields: Record<string, string>, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    deps.logger.error({ err: error, ...fields }, 'task watch')
  }
}
