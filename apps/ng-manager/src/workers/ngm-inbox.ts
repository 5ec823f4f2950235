import { TASK_EVENT_KINDS, TaskEvent } from '@sluice/contracts/tasks'
import { createInboxConsumer, schemaOwner, transactOn, type Runner } from '@sluice/database'
import type { Deps } from '../deps.ts'
import { applyTaskEvent } from '../modules/direct/apply-task-event.ts'

/** Consumes `ngm.inbox`: what became of the delegate tasks of requests without a pipeline run. */
export function createNgmInbox(deps: Deps): Runner {
  return createInboxConsumer({
    redis: deps.config.redisUrl,
    pool: deps.pool,
    inbox: 'ngm.inbox',
    transact: transactOn(deps.pool),
    handlers: Object.fromEntries(
      TASK_EVENT_KINDS.map((kind) => [
        kind,
        async (message, tx) => {
          if (message.sender !== schemaOwner('delegate-service').role) {
            throw new Error(`"${message.sender}" sent a task event, but only delegate-service knows about tasks.`)
          }
          await applyTaskEvent(deps, tx, message.accountId, TaskEvent.parse(message.body))
        },
      ]),
    ),
    onError: (error) => deps.logger.warn({ err: error }, error.message),
  })
}
