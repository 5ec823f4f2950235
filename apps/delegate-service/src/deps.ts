import { newId } from '@sluice/contracts/ids'
import {
  createPool,
  createPrismaAdapter,
  createQueues,
  createRedis,
  type Queues,
  type Transact,
} from '@sluice/database'
import type { Timing } from '@sluice/delegate-protocol'
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

/** Intervals in milliseconds; tests make them short. */
export interface ServiceTiming {
  /** Differences from the protocol's defaults. */
  protocol: Partial<Timing>
  /** How often the rows are looked at that nobody's socket would move. */
  watchEveryMs: number
  /** How often a replica writes which sockets it holds. */
  presenceEveryMs: number
  /** An offer is decided by the connection that made it; one that is older belongs to a replica that died. */
  offerStaleMs: number
  /** A delegate whose replica died: three heartbeats of 5 s and some. */
  connectionStaleMs: number
  /** Time that a task past its timeout has to stop by itself before it counts as lost. */
  stopGraceMs: number
  /** How often old outputs and tasks are removed. */
  housekeepingEveryMs: number
}

const TIMING: ServiceTiming = {
  protocol: {},
  watchEveryMs: 2_000,
  presenceEveryMs: 5_000,
  offerStaleMs: 6_000,
  connectionStaleMs: 20_000,
  stopGraceMs: 120_000,
  housekeepingEveryMs: 3_600_000,
}

export interface Deps {
  config: DelegateServiceConfig
  identity: ServiceIdentity
  logger: Logger
  metrics: ServiceMetrics
  pool: Pool
  prisma: PrismaClient
  /** One transaction; waits for a connection as long as a burst may take. */
  transact: Transact<Tx>
  redis: Redis
  queues: Queues
  kek: KekProvider
  /** Sockets of this replica, and the way to those of others. */
  hub: ConnectionHub
  replicaId: string
  timing: ServiceTiming
  now: () => number
  close(): Promise<void>
}

/** Opens what the service needs; `close` closes it in reverse order. */
export async function createDeps(config: DelegateServiceConfig, timing: Partial<ServiceTiming> = {}): Promise<Deps> {
  const logger = createLogger(config)
  const identity = createIdentity(config.tls)
  const kek = await LocalKeyFileProvider.open(config.kekFile)
  const pool = createPool({ url: config.databaseUrl, applicationName: 'delegate-service', max: 10 })
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
    transact: (work) => prisma.$transaction(work, { timeout: 15_000, maxWait: 10_000 }),
    redis,
    queues,
    kek,
    hub: new ConnectionHub({ replicaId, redis, redisUrl: config.redisUrl, logger }),
    replicaId,
    timing: { ...TIMING, ...timing },
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
