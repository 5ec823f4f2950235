import { createPool, createPrismaAdapter, createQueues, createRedis, type Queues } from '@sluice/database'
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

export interface Deps {
  config: PipelineServiceConfig
  identity: ServiceIdentity
  logger: Logger
  metrics: ServiceMetrics
  pool: Pool
  prisma: PrismaClient
  redis: Redis
  queues: Queues
  client: ServiceClient
  verifier: TokenVerifier
  access: AccessControl
  now: () => number
  close(): Promise<void>
}

/** Opens what the service needs; `close` closes it in reverse order. */
export function createDeps(config: PipelineServiceConfig): Deps {
  const logger = createLogger(config)
  const identity = createIdentity(config.tls)
  const pool = createPool({ url: config.databaseUrl, applicationName: 'pipeline-service' })
  const prisma = new PrismaClient({ adapter: createPrismaAdapter(pool, 'pipeline') })
  const redis = createRedis({ url: config.redisUrl, onError: (error) => logger.warn({ err: error }, 'redis is away') })
  const queues = createQueues({
    redis: config.redisUrl,
    service: 'pipeline-service',
    onError: (error) => logger.warn({ err: error }, 'queue'),
  })
  const client = createServiceClient({ config, identity, logger })
  return {
    config,
    identity,
    logger,
    metrics: createMetrics('pipeline-service'),
    pool,
    prisma,
    redis,
    queues,
    client,
    verifier: createTokenVerifier({ identity }),
    access: createAccessControl({ loadBindings: loadAccessBindings(pool) }),
    now: Date.now,
    close: async () => {
      await client.close()
      await queues.close()
      redis.disconnect()
      await prisma.$disconnect()
      await pool.end()
      identity.close()
    },
  }
}
