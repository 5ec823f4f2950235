import { scopeKey } from '@sluice/contracts/ids'
import { channelName } from '@sluice/database'
import type { Deps } from '../../deps.ts'
import type { Execution } from '../../generated/prisma/client.ts'

type Changed = Pick<Execution, 'accountId' | 'orgIdentifier' | 'projectIdentifier' | 'id'>

/**
 * Publishes "this execution changed" to whoever follows it, and to whoever follows its project where its summary changed.
 * Redis away: followers of one execution read again at their next ping, all others when Redis is back.
 */
export async function publishChange(deps: Deps, execution: Changed, summaryChanged: boolean): Promise<void> {
  const { accountId, id } = execution
  try {
    await Promise.all([
      deps.redis.publish(channelName('pipeline.execution', id), accountId),
      summaryChanged ? deps.redis.publish(channelName('pipeline.project', scopeKey(execution)), id) : undefined,
    ])
  } catch (error) {
    deps.logger.warn({ err: error, executionId: id }, 'change not published')
  }
}
