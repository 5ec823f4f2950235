import type { Deps } from '../../deps.ts'
import { finishRequest } from './finish-request.ts'

/** Requests that one pass ends. */
const PASS_SIZE = 100

/** Ends requests whose result should have come long ago: nothing stays "running". @returns how many */
export async function expireRequests(deps: Pick<Deps, 'prisma'>, signal: AbortSignal): Promise<number> {
  const overdue = await deps.prisma.directRequest.findMany({
    where: { status: 'RUNNING', deadline: { lt: new Date() } },
    select: { accountId: true, id: true },
    take: PASS_SIZE,
  })
  for (const { accountId, id } of overdue) {
    if (signal.aborted) break
    await deps.prisma.$transaction((tx) =>
      finishRequest(tx, accountId, id, {
        status: 'FAILURE',
        result: undefined,
        error: {
          code: 'TASK_TIMED_OUT',
          message: 'No result of this request arrived in time. Look at the delegates, then ask again.',
        },
      }),
    )
  }
  return overdue.length
}
