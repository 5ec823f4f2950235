import { exchangeCredential } from '@sluice/contracts/auth'
import { createRedis } from '@sluice/database'
import {
  createIdentity,
  createLogger,
  createMetrics,
  createServiceClient,
  type ServiceClient,
  type ServiceIdentity,
  type ServiceMetrics,
} from '@sluice/service-kit'
import type { GatewayConfig } from './config.ts'
import { followRevocations } from './modules/credential/follow-revocations.ts'
import { OpenStreams } from './modules/credential/open-streams.ts'
import { TokenCache } from './modules/credential/token-cache.ts'

/** An exchange that takes longer has failed; people wait for it. */
const EXCHANGE_TIMEOUT_MS = 5_000

export interface Deps {
  config: GatewayConfig
  logger: ReturnType<typeof createLogger>
  identity: ServiceIdentity
  redis: ReturnType<typeof createRedis>
  client: ServiceClient
  tokens: TokenCache
  streams: OpenStreams
  metrics: ServiceMetrics
}

export interface OpenDeps extends Deps {
  close(): Promise<void>
}

/** Opens what the gateway works with; `close` closes it all, in reverse order. */
export async function createDeps(config: GatewayConfig): Promise<OpenDeps> {
  const logger = createLogger(config)
  const identity = createIdentity(config.tls)
  const onError = (error: Error): void => logger.warn({ err: error }, error.message)
  const redis = createRedis({ url: config.redisUrl, onError })
  const client = createServiceClient({ config, identity, logger })
  const tokens = new TokenCache((credential) =>
    client.call(exchangeCredential, { body: { credential } }, { timeoutMs: EXCHANGE_TIMEOUT_MS }),
  )
  const streams = new OpenStreams()
  const revocations = await followRevocations({ redisUrl: config.redisUrl, cache: tokens, streams, onError })
  return {
    config,
    logger,
    identity,
    redis,
    client,
    tokens,
    streams,
    metrics: createMetrics('gateway'),
    close: async () => {
      await revocations.stop()
      await client.close()
      redis.disconnect()
      identity.close()
    },
  }
}
