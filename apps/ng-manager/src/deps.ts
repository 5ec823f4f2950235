import { createPool, createPrismaAdapter, createQueues, RowSignal, type Queues } from '@sluice/database'
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
import type { Pool } from 'pg'
import type { Config } from './config.ts'
import { PrismaClient } from './generated/prisma/client.ts'
import { DIRECT_REQUEST_CHANNEL } from './modules/direct/direct-request.ts'

export interface Deps {
  config: Config
  identity: ServiceIdentity
  logger: ReturnType<typeof createLogger>
  metrics: ServiceMetrics
  pool: Pool
  prisma: PrismaClient
  queues: Queues
  access: AccessControl
  verifier: TokenVerifier
  client: ServiceClient
  /** Wakes who waits for a request without a pipeline run; `start` it before listening. */
  requests: RowSignal
  close(): Promise<void>
}

/** Opens what the service needs; `close` closes it in reverse order. */
export function createDeps(config: Config): Deps {
  const logger = createLogger(config)
  const identity = createIdentity(config.tls)
  const pool = createPool({ url: config.databaseUrl, applicationName: 'ng-manager' })
  const prisma = new PrismaClient({ adapter: createPrismaAdapter(pool, 'ngm') })
  const queues = createQueues({
    redis: config.redisUrl,
    service: 'ng-manager',
    onError: (error) => logger.warn({ err: error }, 'a wake-up was lost'),
  })
  const requests = new RowSignal({
    url: config.databaseUrl,
    channel: DIRECT_REQUEST_CHANNEL,
    applicationName: 'ng-manager listen',
    onError: (error) => logger.warn({ err: error }, error.message),
  })
  const client = createServiceClient({ config, identity, logger })
  return {
    config,
    identity,
    logger,
    metrics: createMetrics('ng-manager'),
    pool,
    prisma,
    queues,
    access: createAccessControl({ loadBindings: loadAccessBindings(pool) }),
    verifier: createTokenVerifier({ identity }),
    client,
    requests,
    close: async () => {
      await requests.stop()
      await client.close()
      await queues.close()
      await prisma.$disconnect()
      await pool.end()
      identity.close()
    },
  }
}
