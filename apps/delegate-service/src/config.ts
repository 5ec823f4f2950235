import { AppError } from '@sluice/contracts/errors'
import { loadServiceConfig, type ServiceConfig } from '@sluice/service-kit'

export interface DelegateServiceConfig extends ServiceConfig {
  databaseUrl: string
  redisUrl: string
  publicHttp: NonNullable<ServiceConfig['publicHttp']>
  /** Key file of the built-in secret store, shared with ng-core and nobody else. */
  kekFile: string
}

/** @throws AppError INVALID_REQUEST that lists what is missing. */
export function loadConfig(env: NodeJS.ProcessEnv): DelegateServiceConfig {
  const config = loadServiceConfig('delegate-service', env)
  const { databaseUrl, redisUrl, publicHttp } = config
  const kekFile = env['SLUICE_KEK_FILE']
  if (databaseUrl === undefined || redisUrl === undefined || publicHttp === undefined || kekFile === undefined) {
    throw new AppError(
      'INVALID_REQUEST',
      'delegate-service needs SLUICE_DATABASE_URL, SLUICE_REDIS_URL, SLUICE_KEK_FILE, SLUICE_PUBLIC_TLS_CERT_FILE and SLUICE_PUBLIC_TLS_KEY_FILE.',
    )
  }
  return { ...config, databaseUrl, redisUrl, publicHttp, kekFile }
}
