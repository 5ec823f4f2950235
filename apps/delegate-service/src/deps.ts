import { newId } from '@sluice/contracts/ids'
import { createPool, createPrismaAdapter, createQueues, createRedis, type Queues } from '@sluice/database'
import { LocalKeyFileProvider } from '@sluice/secrets/local-key-file'
import type { KekProvider } from '@sluice/secrets/envelope'
import {
  createIdentity,
  createLogger,
  createMetrics,
  type ServiceIdentity,
  type ServiceMetrics,
} from '@sluice/service-kit'
import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { DelegateServiceConfig } from './config.ts'
import { PrismaClient, type Prisma } from './generated/prisma/client.ts'
import { ConnectionHub } from './modules/connection/connection-hub.ts'

export type Tx = Prisma.TransactionClient

export interface Deps {
  config: DelegateServiceConfig
  identity: ServiceIdentity
  logger: Logger
  metrics: ServiceMetrics
  pool: Pool
  prisma: PrismaClient
  redis: Redis
  queues: Queues
  kek: KekProvider
  /** Sockets of this replica, and the way to those of others. */
  hub: ConnectionHub
  replicaId: string
  now: () => number
  close(): Promise<void>
}

/** Opens what the service needs; `close` closes it in reverse order. */
export async function createDeps(config: DelegateServiceConfig): Promise<Deps> {
  const logger = createLogger(config)
  const identity = createIdentity(config.tls)
  const kek = await LocalKeyFileProvider.open(config.kekFile)
  const pool = createPool({ url: config.databaseUrl, applicationName: 'delegate-service' })
  const prisma = new PrismaClient({ adapter: createPrismaAdapter(pool, 'delegate') })
  const redis = createRedis({ url: config.redisUrl, onError: (error) => logger.warn({ err: error }, 'redis is away') })
  const queues = createQueues({
    redis: config.redisUrl,
    service: 'delegate-service',
    onError: (error) => logger.warn({ err: error }, 'queue'),
  })
  const replicaId = newId('rep')
  return {
    config,
    identity,
    logger,
    metrics: createMetrics('delegate-service'),
    pool,
    prisma,
    redis,
    queues,
    kek,
    hub: new ConnectionHub({ replicaId, redis, redisUrl: config.redisUrl, logger }),
    replicaId,
    now: Date.now,
    close: async () => {
      await queues.close()
      redis.disconnect()
      await prisma.$disconnect()
      await pool.end()
      identity.close()
    },
  }
}
