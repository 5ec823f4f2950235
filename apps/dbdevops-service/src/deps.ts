import { createPool, createPrismaAdapter, createQueues, type Queues } from '@sluice/database'
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
import type { Pool } from 'pg'
import type { Config } from './config.ts'
import { PrismaClient } from './generated/prisma/client.ts'

export interface Deps {
  config: Config
  identity: ServiceIdentity
  logger: ReturnType<typeof createLogger>
  metrics: ServiceMetrics
  pool: Pool
  prisma: PrismaClient
  /** Absent without Redis: audit events are found by ng-core's reconciler. */
  queues?: Queues
  access: AccessControl
  verifier: TokenVerifier
  close(): Promise<void>
}

/** Opens what the service needs; `close` closes it in reverse order. */
export function createDeps(config: Config): Deps {
  const logger = createLogger(config)
  const identity = createIdentity(config.tls)
  const pool = createPool({ url: config.databaseUrl, applicationName: 'dbdevops-service' })
  const prisma = new PrismaClient({ adapter: createPrismaAdapter(pool, 'dbdevops') })
  const queues =
    config.redisUrl === undefined
      ? undefined
      : createQueues({
          redis: config.redisUrl,
          service: 'dbdevops-service',
          onError: (error) => logger.warn({ err: error }, 'a wake-up was lost'),
        })
  return {
    config,
    identity,
    logger,
    metrics: createMetrics('dbdevops-service'),
    pool,
    prisma,
    queues,
    access: createAccessControl({ loadBindings: loadAccessBindings(pool) }),
    verifier: createTokenVerifier({ identity }),
    close: async () => {
      await queues?.close()
      await prisma.$disconnect()
      await pool.end()
      identity.close()
    },
  }
}
