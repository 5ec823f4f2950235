import { AppError } from '@sluice/contracts/errors'
import { loadServiceConfig, type ServiceConfig } from '@sluice/service-kit'

export interface PipelineServiceConfig extends ServiceConfig {
  databaseUrl: string
  redisUrl: string
  publicUrl: string
}

/** @throws AppError INVALID_REQUEST that lists what is missing. */
export function loadConfig(env: NodeJS.ProcessEnv): PipelineServiceConfig {
  const config = loadServiceConfig('pipeline-service', env)
  const { databaseUrl, redisUrl, publicUrl } = config
  if (databaseUrl === undefined || redisUrl === undefined || publicUrl === undefined) {
    throw new AppError(
      'INVALID_REQUEST',
      'pipeline-service needs SLUICE_DATABASE_URL, SLUICE_REDIS_URL and SLUICE_PUBLIC_URL.',
    )
  }
  return { ...config, databaseUrl, redisUrl, publicUrl }
}
