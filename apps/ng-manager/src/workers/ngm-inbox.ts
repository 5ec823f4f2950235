import { createInboxConsumer, transactOn, type Runner } from '@sluice/database'
import type { Deps } from '../deps.ts'

/**
 * Consumes `ngm.inbox`. Requests of ng-manager's own are not made yet, so that every kind of message is unknown: it is
 * kept with the reason for a person to look at, instead of lying in the queue for ever.
 */
export function createNgmInbox(deps: Deps): Runner {
  return createInboxConsumer({
    redis: deps.config.redisUrl,
    pool: deps.pool,
    inbox: 'ngm.inbox',
    transact: transactOn(deps.pool),
    handlers: {},
    onError: (error) => deps.logger.warn({ err: error }, 'ngm.inbox'),
  })
}
