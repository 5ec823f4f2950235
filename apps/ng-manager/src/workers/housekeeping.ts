import { createPeriodic, runInPasses, type Runner } from '@sluice/database'
import type { Deps } from '../deps.ts'
import { expireRequests } from '../modules/direct/expire-requests.ts'

const HOUSEKEEPING_EVERY_MS = 6 * 3_600_000
/** Somebody looks at a request that should have ended. */
const EXPIRY_EVERY_MS = 15_000
/** A look into a repository is of no use the next day, and may hold a file. */
const LOOKS_KEPT_MS = 86_400_000
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
      {
        name: 'ngm.requests',
        everyMs: EXPIRY_EVERY_MS,
        run: async (signal) => void (await expireRequests(deps, signal)),
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
  const lookedBefore = new Date(now - LOOKS_KEPT_MS)
  const direct = await runInPasses(
    signal,
    PASS_SIZE,
    () =>
      deps.prisma.$executeRaw`
        delete from direct_request where (account_id, id) in (
          select account_id, id from direct_request
           where created_at < ${before} or (created_at < ${lookedBefore} and kind in ('branches', 'folder', 'file'))
           limit ${PASS_SIZE})`,
  )
  if (requests + commits + direct > 0)
    deps.logger.info({ requests, commits, direct }, 'old requests and commits removed')
}
