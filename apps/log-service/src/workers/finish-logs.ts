import { createPeriodic, type PeriodicTask } from '@sluice/database'
import type { LogServiceDeps } from '../deps.ts'
import { storeFromChunks } from '../modules/blob/store-blob.ts'

/** A day-old log that nobody finished is not urgent. */
const EVERY_MS = 60_000
/** Longer than any upload takes. */
const PARTIAL_AGE_MS = 3_600_000

/** Closes the logs whose writers can't come back: their token ended. Their readers get the end marker. */
export async function closeAbandonedLogs(deps: LogServiceDeps): Promise<void> {
  for (const head of await deps.store.closeExpired(new Date())) {
    deps.logger.warn(
      { accountId: head.accountId, key: head.key, lastSeq: head.ackedSeq },
      'log was never closed, closed now',
    )
    deps.publisher.publishEnd(head.key, head.ackedSeq)
  }
}

/** Makes blobs of closed logs that nobody uploaded in time: their lite engine died, or never could. */
export async function storeForgottenLogs(deps: LogServiceDeps, signal: AbortSignal): Promise<void> {
  const closedBefore = new Date(Date.now() - deps.config.limits.uploadGraceMs)
  for (const head of await deps.store.listUnstored(closedBefore)) {
    signal.throwIfAborted()
    try {
      await storeFromChunks(deps, head)
    } catch (error) {
      // One broken log must not keep the others from disk; its chunks stay readable.
      deps.logger.error({ err: error, accountId: head.accountId, key: head.key }, 'log could not be stored')
    }
  }
}

/** Periodic work of log-service; one replica does it. */
export function createFinisher(deps: LogServiceDeps): ReturnType<typeof createPeriodic> {
  const tasks: PeriodicTask[] = [
    { name: 'log.close', everyMs: EVERY_MS, run: () => closeAbandonedLogs(deps) },
    { name: 'log.store', everyMs: EVERY_MS, run: (signal) => storeForgottenLogs(deps, signal) },
    { name: 'log.sweep', everyMs: PARTIAL_AGE_MS, run: () => deps.blobs.sweep(PARTIAL_AGE_MS) },
  ]
  return createPeriodic({
    url: deps.config.databaseUrl,
    tasks,
    onError: (error) => deps.logger.error({ err: error }, error.message),
  })
}
