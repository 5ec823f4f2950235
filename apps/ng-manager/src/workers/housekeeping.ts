import { createPeriodic, runInPasses, type Runner } from '@sluice/database'
import type { Deps } from '../deps.ts'

const HOUSEKEEPING_EVERY_MS = 6 * 3_600_000
/** Longer than any execution: while one runs, its requests make repetitions harmless. */
const KEPT_MS = 90 * 86_400_000
const PASS_SIZE = 1_000

/** Removes what executions of long ago asked for, and the commits that were pinned for them. */
export function createHousekeeping(deps: Deps): Runner {
  return createPeriodic({
    url: deps.config.databaseUrl,
    tasks: [
      {
        name: 'ngm.housekeeping',
        everyMs: HOUSEKEEPING_EVERY_MS,
        run: (signal) => removeOld(deps, Date.now(), signal),
      },
    ],
    onError: (error) => deps.logger.error({ err: error }, 'housekeeping'),
  })
}

/**
 * One pass of {@link createHousekeeping}.
 * @param now epoch ms
 */
export async function removeOld(
  deps: Pick<Deps, 'prisma' | 'logger'>,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const before = new Date(now - KEPT_MS)
  // What a step was submitted with goes with its request.
  const requests = await runInPasses(
    signal,
    PASS_SIZE,
    () =>
      deps.prisma.$executeRaw`
        delete from request where (account_id, attempt_id, kind) in (
          select account_id, attempt_id, kind from request where created_at < ${before} limit ${PASS_SIZE})`,
  )
  const commits = await runInPasses(
    signal,
    PASS_SIZE,
    () =>
      deps.prisma.$executeRaw`
        delete from pinned_commit where (account_id, execution_id, instance_id) in (
          select account_id, execution_id, instance_id from pinned_commit
           where created_at < ${before} limit ${PASS_SIZE})`,
  )
  if (requests + commits > 0) deps.logger.info({ requests, commits }, 'old requests and commits removed')
}
