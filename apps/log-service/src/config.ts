import { AppError } from '@sluice/contracts/errors'
import { loadServiceConfig, type ServiceConfig } from '@sluice/service-kit'
import { z } from 'zod'

export interface LogLimits {
  /** NDJSON bytes of the logs that one account begins within a day. */
  accountBytesPerDay: number
  /** Live readers of one account on this replica. */
  readersPerAccount: number
  /** Milliseconds after which a reader is asked to connect again, which checks its permission anew. */
  readerMaxMs: number
  /** Milliseconds between signs of life to a reader of a silent log. */
  pingMs: number
  /** Milliseconds that a closed log waits for its upload before the service makes the blob itself. */
  uploadGraceMs: number
}

export interface LogServiceConfig extends ServiceConfig {
  databaseUrl: string
  redisUrl: string
  /** Folder of the blob store. */
  dataDir: string
  limits: LogLimits
}

const DAY_BYTES_DEFAULT = 50 * 1024 ** 3

const Env = z.object({
  SLUICE_LOG_ACCOUNT_BYTES_PER_DAY: z.coerce.number().int().min(1).default(DAY_BYTES_DEFAULT),
  SLUICE_LOG_READERS_PER_ACCOUNT: z.coerce.number().int().min(1).default(500),
})

/**
 * Reads the configuration of log-service from its environment.
 * @throws AppError INVALID_REQUEST
 */
export function loadConfig(env: NodeJS.ProcessEnv): LogServiceConfig {
  const config = loadServiceConfig('log-service', env)
  const { databaseUrl, redisUrl, dataDir } = config
  const own = Env.safeParse(env)
  if (databaseUrl === undefined || redisUrl === undefined || dataDir === undefined || !own.success) {
    const problems = own.success ? [] : own.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    const missing = Object.entries({
      SLUICE_DATABASE_URL: databaseUrl,
      SLUICE_REDIS_URL: redisUrl,
      SLUICE_DATA_DIR: dataDir,
    }).flatMap(([name, value]) => (value === undefined ? [`${name}: is missing`] : []))
    throw new AppError(
      'INVALID_REQUEST',
      `log-service can't start, its environment is wrong: ${[...missing, ...problems].join('; ')}.`,
    )
  }
  return {
    ...config,
    databaseUrl,
    redisUrl,
    dataDir,
    limits: {
      accountBytesPerDay: own.data.SLUICE_LOG_ACCOUNT_BYTES_PER_DAY,
      readersPerAccount: own.data.SLUICE_LOG_READERS_PER_ACCOUNT,
      readerMaxMs: 3_600_000,
      pingMs: 15_000,
      uploadGraceMs: 600_000,
    },
  }
}
