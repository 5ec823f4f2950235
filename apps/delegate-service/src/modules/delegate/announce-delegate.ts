import { channelName } from '@sluice/database'
import type { Deps } from '../../deps.ts'

/**
 * Tells whoever shows delegates that this one's row changed, after its commit. Redis being away is logged, not thrown:
 * readers look at the rows themselves every few seconds.
 */
export async function announceDelegate(
  deps: Pick<Deps, 'redis' | 'logger'>,
  accountId: string,
  delegateId: string,
): Promise<void> {
  try {
    await deps.redis.publish(channelName('delegate.presence', accountId), JSON.stringify({ delegateId }))
  } catch (error) {
    deps.logger.warn({ err: error, delegateId }, 'presence not published; readers look again by themselves')
  }
}
