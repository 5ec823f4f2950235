import { Revocation } from '@sluice/contracts/revocation'
import { channelName, createRedis } from '@sluice/database'
import type { TokenCache } from './token-cache.ts'

export interface FollowRevocationsOptions {
  redisUrl: string
  cache: TokenCache
  onError: (error: Error) => void
}

/**
 * Drops cached tokens as ng-core revokes what they stand for. After every (re)connection everything is dropped:
 * messages in between are gone.
 */
export async function followRevocations(options: FollowRevocationsOptions): Promise<{ stop(): Promise<void> }> {
  const redis = createRedis({ url: options.redisUrl, role: 'subscriber', onError: options.onError })
  redis.on('ready', () => options.cache.clear())
  redis.on('close', () => options.cache.clear())
  redis.on('pmessage', (_pattern: string, _channel: string, text: string) => {
    const revocation = Revocation.safeParse(parseJson(text))
    if (revocation.success) options.cache.revoke(revocation.data.accountId)
    else options.cache.clear()
  })
  await redis.psubscribe(channelName('ng.revocation', '*'))
  return {
    stop: async () => {
      redis.disconnect()
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not ours: treated as a revocation of everything.
    return undefined
  }
}
