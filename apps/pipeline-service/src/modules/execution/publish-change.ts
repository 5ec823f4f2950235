import { scopeKey } from '@sluice/contracts/ids'
import { channelName } from '@sluice/database'
import type { Deps } from '../../deps.ts'
import type { Execution } from '../../generated/prisma/client.ts'

/** Publishes "this execution changed" to whoever follows it. Redis away: they read again at their next ping. */
export function publishChange(deps: Deps, accountId: string, executionId: string): Promise<void> {
  return publish(deps, channelName('pipeline.execution', executionId), accountId)
}

/** Publishes "its summary changed" to whoever follows the project. Redis away: they hear so when it is back. */
export function publishSummary(
  deps: Deps,
  execution: Pick<Execution, 'accountId' | 'orgIdentifier' | 'projectIdentifier' | 'id'>,
): Promise<void> {
  return publish(deps, channelName('pipeline.project', scopeKey(execution)), execution.id)
}

async function publish(deps: Deps, channel: string, message: string): Promise<void> {
  try {
    await deps.redis.publish(channel, message)
  } catch (error) {
    deps.logger.warn({ err: error, channel }, 'change not published')
  }
}
