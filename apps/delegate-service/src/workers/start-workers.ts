import type { Deps } from '../deps.ts'
import { returnOffer } from '../modules/connection/return-offer.ts'
import { createDelegateInbox } from './delegate-inbox.ts'
import { createHousekeeping } from './housekeeping.ts'
import { createPresence } from './presence.ts'
import { createTaskWatch } from './task-watch.ts'

/** Starts what runs beside the listener; `stop` waits for what is under way. */
export async function startWorkers(deps: Deps): Promise<{ stop(): Promise<void> }> {
  await deps.hub.start((offer, replicaId) => {
    returnOffer(deps, offer, replicaId).catch((error: unknown) =>
      deps.logger.error({ err: error, taskId: offer.taskId }, 'offer not taken back; the task watch does it'),
    )
  })
  const runners = [createDelegateInbox(deps), createTaskWatch(deps), createPresence(deps), createHousekeeping(deps)]
  for (const runner of runners) await runner.start()
  return {
    stop: async () => {
      await Promise.all(runners.map((runner) => runner.stop()))
      deps.hub.stop()
    },
  }
}
