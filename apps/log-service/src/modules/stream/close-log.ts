import { AppError } from '@sluice/contracts/errors'
import type { LogAck } from '@sluice/contracts/logs'
import type { LinePublisher } from './line-channel.ts'
import type { StreamOwner, StreamStore } from './stream-store.ts'

/**
 * Ends a log after `lastSeq` and tells its readers. The same again is fine.
 * @throws AppError INVALID_REQUEST with `details.ackedSeq` where lines are missing, or it ended elsewhere
 */
export async function closeLogAt(
  deps: { store: StreamStore; publisher: LinePublisher },
  owner: StreamOwner,
  lastSeq: number,
): Promise<LogAck> {
  if (await deps.store.close(owner, lastSeq)) {
    deps.publisher.publishEnd(owner.key, lastSeq)
    return { ackedSeq: lastSeq }
  }
  const head = await deps.store.find(owner.accountId, owner.key)
  const ackedSeq = head?.ackedSeq ?? 0
  if (head?.closedSeq === lastSeq) return { ackedSeq }
  throw new AppError(
    'INVALID_REQUEST',
    head?.closedSeq === undefined
      ? `The log can't end at line ${lastSeq}: ${ackedSeq} lines are stored. Send the rest first, or end it there.`
      : `The log ended at line ${head.closedSeq} already.`,
    { details: { ackedSeq, closedSeq: head?.closedSeq } },
  )
}
