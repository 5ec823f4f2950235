import { AppError } from '@sluice/contracts/errors'
import { loadServiceConfig, type ServiceConfig } from '@sluice/service-kit'
import { z } from 'zod'

export interface ScmServiceConfig extends ServiceConfig {
  databaseUrl: string
  /** Hosts that may be called although they are in a private network. */
  allowedHosts: readonly string[]
  /** PEM file of authorities that sign the certificates of such hosts, beside the well-known ones. */
  gitCaFile?: string
}

const Env = z.object({
  /** Host names, parted by commas. */
  SLUICE_SCM_ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((host) => host.trim().toLowerCase())
        .filter((host) => host !== ''),
    ),
  SLUICE_SCM_CA_FILE: z.string().optional(),
})

/**
 * Reads the configuration of scm-service from its environment.
 * @throws AppError INVALID_REQUEST
 */
export function loadConfig(env: NodeJS.ProcessEnv): ScmServiceConfig {
  const config = loadServiceConfig('scm-service', env)
  if (config.databaseUrl === undefined) {
    throw new AppError('INVALID_REQUEST', `scm-service can't start: SLUICE_DATABASE_URL is missing.`)
  }
  const own = Env.parse(env)
  return {
    ...config,
    databaseUrl: config.databaseUrl,
    allowedHosts: own.SLUICE_SCM_ALLOWED_HOSTS,
    gitCaFile: own.SLUICE_SCM_CA_FILE,
  }
}
