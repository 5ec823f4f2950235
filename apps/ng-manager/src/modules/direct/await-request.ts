import type { Deps } from '../../deps.ts'
import type { DirectRequest, Prisma } from '../../generated/prisma/client.ts'
import { noSuchRequest } from './direct-request.ts'

/**
 * Reads a request after waiting until it is finished or `waitMs` are over.
 * @param where what the caller may see; `id` is added
 * @throws AppError ENTITY_NOT_FOUND
 */
export async function awaitRequest(
  deps: Pick<Deps, 'prisma' | 'requests'>,
  where: Prisma.DirectRequestWhereInput & { accountId: string },
  id: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<DirectRequest> {
  const deadline = Date.now() + waitMs
  const subscription = deps.requests.subscribe(where.accountId, id)
  try {
    for (;;) {
      // Looks, then sleeps until there is something to look at.
      const row = await deps.prisma.directRequest.findFirst({ where: { ...where, id } })
      if (row === null) throw noSuchRequest(id)
      const remainingMs = deadline - Date.now()
      if (row.status !== 'RUNNING' || remainingMs <= 0) return row
      const reason = await subscription.next(remainingMs, signal)
      if (reason === 'aborted' || reason === 'stopped') return row
    }
  } finally {
    subscription.done()
  }
}
