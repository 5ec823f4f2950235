import type { Revocation } from '@sluice/contracts/revocation'
import { createPool, createPrismaAdapter, createQueues, createRedis, RowSignal, type Queues } from '@sluice/database'
import { LocalKeyFileProvider, type KekProvider } from '@sluice/secrets'
import {
  createAccessControl,
  createIdentity,
  createLogger,
  createMetrics,
  createTokenVerifier,
  loadAccessBindings,
  type AccessControl,
  type ServiceIdentity,
  type ServiceMetrics,
  type TokenVerifier,
} from '@sluice/service-kit'
import type { NgCoreConfig } from './config.ts'
import { PrismaClient, type Prisma } from './generated/prisma/client.ts'
import { CONNECTION_TEST_CHANNEL } from './modules/connection-test/channel.ts'
import { DelegateFeed } from './modules/delegate/delegate-feed.ts'
import { createRevocationPublisher } from './modules/revocation/publish-revocation.ts'

export type Logger = ReturnType<typeof createLogger>
export type Pool = ReturnType<typeof createPool>
export type Redis = ReturnType<typeof createRedis>
/** A transaction of ng-core's own Prisma client. */
export type Tx = Prisma.TransactionClient

/** What operations get. Each names the few it needs. */
export interface Deps {
  config: NgCoreConfig
  logger: Logger
  identity: ServiceIdentity
  pool: Pool
  prisma: PrismaClient
  redis: Redis
  queues: Queues
  access: AccessControl
  verifier: TokenVerifier
  /** Wraps the data keys of secrets. */
  keys: KekProvider
  /** Wakes who waits for the result of a connection test. */
  connectionTests: RowSignal
  /** Tells streams which delegates changed. */
  delegateFeed: DelegateFeed
  metrics: ServiceMetrics
  /** Tells who caches something about an account that it changed. Never throws. */
  publishRevocation: (revocation: Revocation) => Promise<void>
}

export interface OpenDeps extends Deps {
  close(): Promise<void>
}

/** Opens what ng-core works with; `close` closes it all, in reverse order. */
export async function createDeps(config: NgCoreConfig): Promise<OpenDeps> {
  const logger = createLogger(config)
  const identity = createIdentity(config.tls)
  const pool = createPool({ url: config.databaseUrl, applicationName: 'ng-core', max: 8 })
  const prisma = new PrismaClient({ adapter: createPrismaAdapter(pool, 'ng') })
  const onError = (error: Error): void => logger.warn({ err: error }, error.message)
  const redis = createRedis({ url: config.redisUrl, onError })
  const queues = createQueues({ redis: config.redisUrl, service: 'ng-core', onError })
  const connectionTests = new RowSignal({
    url: config.databaseUrl,
    channel: CONNECTION_TEST_CHANNEL,
    applicationName: 'ng-core listen',
    onError,
  })
  const delegateFeed = new DelegateFeed({ redisUrl: config.redisUrl, onError })
  delegateFeed.start()
  return {
    config,
    logger,
    identity,
    pool,
    prisma,
    redis,
    queues,
    access: createAccessControl({ loadBindings: loadAccessBindings(pool) }),
    verifier: createTokenVerifier({ identity }),
    keys: await LocalKeyFileProvider.open(config.kekFile),
    connectionTests,
    delegateFeed,
    metrics: createMetrics('ng-core'),
    publishRevocation: createRevocationPublisher({ redis, onError }),
    close: async () => {
      await connectionTests.stop()
      delegateFeed.stop()
      await queues.close()
      redis.disconnect()
      await prisma.$disconnect()
      await pool.end()
      identity.close()
    },
  }
}
