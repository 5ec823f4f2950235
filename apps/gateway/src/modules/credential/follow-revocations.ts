import { Revocation } from '@sluice/contracts/revocation'
import { channelName, createRedis } from '@sluice/database'
import type { OpenStreams } from './open-streams.ts'
import type { TokenCache } from './token-cache.ts'

export interface FollowRevocationsOptions {
  redisUrl: string
  cache: TokenCache
  streams: OpenStreams
  onError: (error: Error) => void
}

/**
 * Drops cached tokens, and ends open streams, as ng-core revokes what they stand for. After every (re)connection
 * everything is dropped: messages in between are gone.
 */
export async function followRevocations(options: FollowRevocationsOptions): Promise<{ stop(): Promise<void> }> {
  const redis = createRedis({ url: options.redisUrl, role: 'subscriber', onError: options.onError })
  const dropAll = (): void => {
    options.cache.clear()
    options.streams.end()
  }
  redis.on('ready', dropAll)
  // Streams go on while Redis is away: nobody could open them again until it is back, and then they are judged anew.
  redis.on('close', () => options.cache.clear())
  redis.on('pmessage', (_pattern: string, _channel: string, text: string) => {
    const revocation = Revocation.safeParse(parseJson(text))
    if (!revocation.success) return dropAll()
    const { accountId, kind } = revocation.data
    options.cache.revoke(accountId)
    // Neither stands for a person who reads.
    if (kind !== 'featureFlag' && kind !== 'delegateToken') options.streams.end(accountId)
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
