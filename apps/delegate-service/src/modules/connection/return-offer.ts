import type { Deps } from '../../deps.ts'
import { announceDelegate } from '../delegate/announce-delegate.ts'
import { applyTaskEvent } from '../task/end-task.ts'
import type { ReplicaNotice } from './connection-hub.ts'

/**
 * Takes an offer back that found no socket: the row named a replica that has ended, or that no longer holds the
 * delegate. The row is put right first, so that the new search does not pick the same delegate again.
 */
export async function returnOffer(
  deps: Deps,
  offer: Extract<ReplicaNotice, { type: 'offer' }>,
  replicaId: string,
): Promise<void> {
  const { accountId, delegateId, taskId, offerId } = offer
  const { count } = await deps.prisma.delegate.updateMany({
    where: { accountId, id: delegateId, replicaId, connected: true },
    data: { connected: false },
  })
  if (count > 0) await announceDelegate(deps, accountId, delegateId)
  await applyTaskEvent(deps, accountId, taskId, { type: 'endOffer', offerId })
}
