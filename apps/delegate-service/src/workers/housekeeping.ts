import { createPeriodic, runInPasses, type Runner } from '@sluice/database'
import type { Deps } from '../deps.ts'

const DAY_MS = 86_400_000
/** The services that a report goes to have read an output long before; their retries end within hours. */
const OUTPUTS_KEPT_MS = 7 * DAY_MS
/** Long enough for a delegate that was away to hear that its late result is too late, and for a person to look. */
const TASKS_KEPT_MS = 30 * DAY_MS
/** Chunks have up to 1 MiB: a statement stays short. */
const PASS_SIZE = 200

/** Removes what has served its purpose: large outputs that were reported, tasks that were closed. */
export function createHousekeeping(deps: Deps): Runner {
  return createPeriodic({
    url: deps.config.databaseUrl,
    tasks: [
      {
        name: 'delegate.housekeeping',
        everyMs: deps.timing.housekeepingEveryMs,
        run: (signal) => removeOld(deps, signal),
      },
    ],
    onError: (error) => deps.logger.error({ err: error }, 'housekeeping'),
  })
}

async function removeOld(deps: Deps, signal: AbortSignal): Promise<void> {
  const now = deps.now()
  const outputs = await runInPasses(
    signal,
    PASS_SIZE,
    () =>
      deps.prisma.$executeRaw`
        delete from task_output where (account_id, output_id, chunk_index) in (
          select account_id, output_id, chunk_index from task_output
           where created_at < ${new Date(now - OUTPUTS_KEPT_MS)} order by created_at limit ${PASS_SIZE})`,
  )
  const tasks = await runInPasses(
    signal,
    PASS_SIZE,
    () =>
      deps.prisma.$executeRaw`
        delete from task where (account_id, id) in (
          select account_id, id from task
           where closed_at < ${new Date(now - TASKS_KEPT_MS)} order by closed_at limit ${PASS_SIZE})`,
  )
  if (outputs + tasks > 0) deps.logger.info({ outputs, tasks }, 'old outputs and tasks removed')
}
