import { createPeriodic, type Runner } from '@sluice/database'
import type { Deps } from '../deps.ts'
import { expireConnectionTests } from '../modules/connection-test/expire-connection-tests.ts'

const DAY_MS = 86_400_000
/** Finished tests are kept for whoever still asks for their result. */
const KEEP_TESTS_MS = 7 * DAY_MS
/** Wrong sign-ins for addresses of nobody are forgotten then. */
const KEEP_UNKNOWN_MS = 30 * DAY_MS

/** Work at intervals, by one replica at a time. */
export function createHousekeeping(deps: Pick<Deps, 'config' | 'prisma' | 'logger'>): Runner {
  const { prisma } = deps
  return createPeriodic({
    url: deps.config.databaseUrl,
    tasks: [
      {
        name: 'ng-core.connection-tests',
        everyMs: 10_000,
        run: async (signal) => {
          await expireConnectionTests(deps, signal)
        },
      },
      {
        name: 'ng-core.expired-rows',
        everyMs: 600_000,
        run: async () => {
          const now = Date.now()
          await prisma.session.deleteMany({ where: { expiresAt: { lt: new Date(now) } } })
          await prisma.unknownLogin.deleteMany({ where: { updatedAt: { lt: new Date(now - KEEP_UNKNOWN_MS) } } })
          await prisma.connectionTest.deleteMany({
            where: { status: { not: 'RUNNING' }, finishedAt: { lt: new Date(now - KEEP_TESTS_MS) } },
          })
        },
      },
    ],
    onError: (error) => deps.logger.warn({ err: error }, error.message),
  })
}
