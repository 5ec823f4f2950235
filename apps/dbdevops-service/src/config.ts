import { AppError } from '@sluice/contracts/errors'
import { loadServiceConfig, type ServiceConfig } from '@sluice/service-kit'

export interface Config extends ServiceConfig {
  databaseUrl: string
}

/** Reads the environment; throws AppError INVALID_REQUEST with every problem. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const config = loadServiceConfig('dbdevops-service', env)
  if (config.databaseUrl === undefined) {
    throw new AppError('INVALID_REQUEST', 'dbdevops-service needs SLUICE_DATABASE_URL.')
  }
  return { ...config, databaseUrl: config.databaseUrl }
}
