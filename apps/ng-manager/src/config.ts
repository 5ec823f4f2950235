import { AppError } from '@sluice/contracts/errors'
import { loadServiceConfig, type ServiceConfig } from '@sluice/service-kit'

export interface Config extends ServiceConfig {
  databaseUrl: string
  redisUrl: string
  logServicePublicUrl: string
}

/** Reads the environment; throws AppError INVALID_REQUEST with every problem. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const config = loadServiceConfig('ng-manager', env)
  const { databaseUrl, redisUrl, logServicePublicUrl } = config
  if (databaseUrl === undefined || redisUrl === undefined || logServicePublicUrl === undefined) {
    throw new AppError(
      'INVALID_REQUEST',
      'ng-manager needs SLUICE_DATABASE_URL, SLUICE_REDIS_URL and SLUICE_LOG_SERVICE_PUBLIC_URL (where lite engines send their logs).',
    )
  }
  return { ...config, databaseUrl, redisUrl, logServicePublicUrl }
}
