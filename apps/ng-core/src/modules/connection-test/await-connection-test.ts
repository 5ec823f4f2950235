import type { ConnectionTest } from '@sluice/contracts/connectors'
import type { Scope } from '@sluice/contracts/ids'
import type { Deps } from '../../deps.ts'
import { notFound } from '../scope/entity-errors.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { toConnectionTest } from './to-connection-test.ts'

/**
 * Reads a test of a connector in `scope`, after waiting until it is finished or `waitMs` are over.
 * @throws AppError ENTITY_NOT_FOUND
 */
export async function awaitConnectionTest(
  deps: Pick<Deps, 'prisma' | 'connectionTests'>,
  scope: Scope,
  testId: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<ConnectionTest> {
  const deadline = Date.now() + waitMs
  const subscription = deps.connectionTests.subscribe(scope.accountId, testId)
  try {
    for (;;) {
      // Looks, then sleeps until there is something to look at.
      // oxlint-disable-next-line no-await-in-loop
      const row = await deps.prisma.connectionTest.findFirst({
        where: { accountId: scope.accountId, id: testId, connector: scopeColumns(scope) },
      })
      if (row === null) throw notFound('connection test', testId, scope)
      const remainingMs = deadline - Date.now()
      if (row.status !== 'RUNNING' || remainingMs <= 0) return toConnectionTest(row)
      // oxlint-disable-next-line no-await-in-loop
      const reason = await subscription.next(remainingMs, signal)
      if (reason === 'aborted' || reason === 'stopped') return toConnectionTest(row)
    }
  } finally {
    subscription.done()
  }
}
