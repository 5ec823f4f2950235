import { createPeriodic, runInPasses, type Runner } from '@sluice/database'
import type { Deps } from '../deps.ts'
import { REFUSALS_MAX } from '../modules/report/send-reports.ts'

const HOUSEKEEPING_EVERY_MS = 6 * 3_600_000
/** The execution itself, its plan and its nodes stay. */
const KEPT_MS = 90 * 86_400_000
const PASS_SIZE = 1_000

/** Removes what nobody asks for any more: single transitions of old executions, and reports that were taken or refused. */
export function createHousekeeping(deps: Deps): Runner {
  return createPeriodic({
    url: deps.config.databaseUrl,
    tasks: [
      { name: 'pipeline.housekeeping', everyMs: HOUSEKEEPING_EVERY_MS, run: (signal) => removeOld(deps, signal) },
    ],
    onError: (error) => deps.logger.error({ err: error }, 'housekeeping'),
  })
}

/** One pass of {@link createHousekeeping}. */
export async function removeOld(deps: Pick<Deps, 'prisma' | 'logger' | 'now'>, signal: AbortSignal): Promise<void> {
  const before = new Date(deps.now() - KEPT_MS)
  const transitions = await runInPasses(
    signal,
    PASS_SIZE,
    () =>
      deps.prisma.$executeRaw`
        delete from node_transition where (account_id, execution_id, seq) in (
          select t.account_id, t.execution_id, t.seq
            from node_transition t
            join execution e on e.account_id = t.account_id and e.id = t.execution_id
           where t.at < ${before} and e.ended_at < ${before} limit ${PASS_SIZE})`,
  )
  const reports = await runInPasses(
    signal,
    PASS_SIZE,
    () =>
      deps.prisma.$executeRaw`
        delete from step_report where (account_id, attempt_id) in (
          select account_id, attempt_id from step_report
           where created_at < ${before} and (sent_at is not null or attempts >= ${REFUSALS_MAX})
           limit ${PASS_SIZE})`,
  )
  if (transitions + reports > 0) deps.logger.info({ transitions, reports }, 'old transitions and reports removed')
}
