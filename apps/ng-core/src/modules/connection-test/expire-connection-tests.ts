import type { Deps } from '../../deps.ts'
import { finishTest } from './apply-task-event.ts'

/** Tests that one pass ends. */
const PASS_SIZE = 100

/** Ends tests whose result should have come long ago: nothing stays "running". */
export async function expireConnectionTests(deps: Pick<Deps, 'prisma'>, signal: AbortSignal): Promise<number> {
  const overdue = await deps.prisma.connectionTest.findMany({
    where: { status: 'RUNNING', deadline: { lt: new Date() } },
    select: { accountId: true, id: true },
    take: PASS_SIZE,
  })
  for (const { accountId, id } of overdue) {
    if (signal.aborted) break
    // A short transaction each.
    // oxlint-disable-next-line no-await-in-loop
    await deps.prisma.$transaction((tx) =>
      finishTest(tx, accountId, id, {
        status: 'FAILURE',
        phases: [],
        error: {
          code: 'TASK_TIMED_OUT',
          message: 'No result of this test arrived in time. Look at the delegates, then test again.',
        },
      }),
    )
  }
  return overdue.length
}
