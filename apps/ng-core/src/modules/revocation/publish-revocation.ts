import type { Revocation } from '@sluice/contracts/revocation'
import { channelName, type createRedis } from '@sluice/database'

export interface RevocationPublisherOptions {
  redis: ReturnType<typeof createRedis>
  onError: (error: Error) => void
}

/**
 * Publishes revocations after their commit. Redis being away is reported, not thrown: caches of internal tokens end
 * by themselves within 30 s.
 */
export function createRevocationPublisher(
  options: RevocationPublisherOptions,
): (revocation: Revocation) => Promise<void> {
  return async (revocation) => {
    try {
      await options.redis.publish(channelName('ng.revocation', revocation.accountId), JSON.stringify(revocation))
    } catch (cause) {
      options.onError(new Error('A revocation could not be published; caches drop it within 30 s.', { cause }))
    }
  }
}
