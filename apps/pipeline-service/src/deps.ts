import {
  createPool,
  createPrismaAdapter,
  createQueues,
  createRedis,
  type Queues,
  type Transact,
} from '@sluice/database'
import {
  createAccessControl,
  createIdentity,
  createLogger,
  createMetrics,
  createServiceClient,
  createTokenVerifier,
  loadAccessBindings,
  type AccessControl,
  type ServiceClient,
  type ServiceIdentity,
  type ServiceMetrics,
  type TokenVerifier,
} from '@sluice/service-kit'
import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { PipelineServiceConfig } from './config.ts'
import { PrismaClient } from './generated/prisma/client.ts'
import type { Tx } from './modules/execution/execution-store.ts'

/** Wake-ups, inbox lanes and requests share them: more than the usual five, or a burst waits for itself. */
const CONNECTIONS_MAX = 12

export interface Deps {
  config: PipelineServiceConfig
  identity: ServiceIdentity
  logger: Logger
  metrics: ServiceMetrics
  pool: Pool
  prisma: PrismaClient
  /** One transaction; waits for a connection as long as a burst may take. */
  transact: Transact<Tx>
  redis: Redis
  queues: Queues
  client: ServiceClient
  verifier: TokenVerifier
  access: AccessControl
  /** Submissions that are tried again in the background, by account, attempt and kind. */
  resubmitting: Map<string, Promise<void>>
  now: () => number
  close(): Promise<void>
}

/** Opens what the service needs; `close` closes it in reverse order. */
export function createDeps(config: PipelineServiceConfig): Deps {
  const logger = createLogger(config)
  const identity = createIdentity(config.tls)
  const pool = createPool({ url: config.databaseUrl, applicationName: 'pipeline-service', max: CONNECTIONS_MAX })
  const prisma = new PrismaClient({ adapter: createPrismaAdapter(pool, 'pipeline') })
  const redis = createRedis({ url: config.redisUrl, onError: (error) => logger.warn({ err: error }, 'redis is away') })
  const queues = createQueues({
    redis: config.redisUrl,
    service: 'pipeline-service',
    onError: (error) => logger.warn({ err: error }, 'queue'),
  })
  const client = createServiceClient({ config, identity, logger })
  const resubmitting = new Map<string, Promise<void>>()
  return {
    config,
    identity,
    logger,
    metrics: createMetrics('pipeline-service'),
    pool,
    prisma,
    transact: (work) => prisma.$transaction(work, { timeout: 15_000, maxWait: 10_000 }),
    redis,
    queues,
    client,
    verifier: createTokenVerifier({ identity }),
    access: createAccessControl({ loadBindings: loadAccessBindings(pool) }),
    resubmitting,
    now: Date.now,
    close: async () => {
      await Promise.all(resubmitting.values())
      await client.close()
      await queues.close()
      redis.disconnect()
      await prisma.$disconnect()
      await pool.end()
      identity.close()
    },
  }
}
