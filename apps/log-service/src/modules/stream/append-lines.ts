import { AppError } from '@sluice/contracts/errors'
import type { LogAck } from '@sluice/contracts/logs'
import type { AccountQuota } from './account-quota.ts'
import { trimBatch, type Batch } from './batch.ts'
import type { LinePublisher } from './line-channel.ts'
import type { StreamOwner, StreamStore } from './stream-store.ts'

export interface AppendLinesDeps {
  store: StreamStore
  publisher: LinePublisher
  quota: AccountQuota
}

/** Writers of one log are one or, around a reconnect, two; each lost race moves the log on. */
const ATTEMPTS_MAX = 5

/**
 * Stores a batch, hands it to live readers and acknowledges it. What is stored already is acknowledged again;
 * of an overlap only the new lines are stored.
 * @param batch undefined: an empty batch, which only asks how far the log is
 * @throws AppError INVALID_REQUEST with `details.ackedSeq` on a gap or a closed log; TOO_MANY_REQUESTS
 */
export async function appendLines(
  deps: AppendLinesDeps,
  owner: StreamOwner,
  batch: Batch | undefined,
): Promise<LogAck> {
  if (batch === undefined) return { ackedSeq: (await deps.store.find(owner.accountId, owner.key))?.ackedSeq ?? 0 }
  await deps.quota.require(owner.accountId, batch.rawSize)
  let rest = batch
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    if (await deps.store.append(owner, rest)) {
      deps.quota.add(owner.accountId, rest.rawSize)
      deps.publisher.publish(owner.key, rest)
      return { ackedSeq: rest.lastSeq }
    }
    const head = await deps.store.find(owner.accountId, owner.key)
    const ackedSeq = head?.ackedSeq ?? 0
    if (rest.lastSeq <= ackedSeq) return { ackedSeq }
    if (head?.closedSeq !== undefined) {
      throw new AppError('INVALID_REQUEST', `The log "${owner.key}" was closed after line ${ackedSeq}.`, {
        details: { ackedSeq, closedSeq: head.closedSeq },
      })
    }
    if (rest.firstSeq > ackedSeq + 1) {
      throw new AppError(
        'INVALID_REQUEST',
        `The batch begins at line ${rest.firstSeq} but only ${ackedSeq} lines are stored. Send again from line ${ackedSeq + 1}.`,
        { details: { ackedSeq } },
      )
    }
    rest = await trimBatch(rest, ackedSeq + 1)
  }
  throw new AppError('SERVICE_UNAVAILABLE', `Several writers append to the log "${owner.key}" at once. Send it again.`)
}
