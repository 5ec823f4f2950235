import { AppError } from '@sluice/contracts/errors'
import { loadServiceConfig, type ServiceConfig } from '@sluice/service-kit'
import { z } from 'zod'

export interface NgCoreConfig extends ServiceConfig {
  databaseUrl: string
  redisUrl: string
  /** Key file of the data keys' wrapping; shared with delegate-service and nobody else. */
  kekFile: string
  /** Holds, or gets at first boot, the password of the first user. */
  firstPasswordFile: string | undefined
  /** Gets the default delegate token at first boot, mode 0600. */
  firstDelegateTokenFile: string | undefined
  firstEmail: string
  /** Base URL at which delegates reach delegate-service, for install commands. */
  delegatePublicUrl: string | undefined
  /** Authority behind public certificates that the platform's own trust doesn't know; goes into install commands. PEM. */
  publicCaFile: string | undefined
}

const Env = z.object({
  SLUICE_DATABASE_URL: z.string(),
  SLUICE_REDIS_URL: z.string(),
  SLUICE_KEK_FILE: z.string(),
  SLUICE_FIRST_PASSWORD_FILE: z.string().optional(),
  SLUICE_FIRST_DELEGATE_TOKEN_FILE: z.string().optional(),
  SLUICE_FIRST_EMAIL: z.string().default('admin@localhost'),
  SLUICE_DELEGATE_PUBLIC_URL: z.url({ protocol: /^https$/ }).optional(),
  SLUICE_PUBLIC_CA_FILE: z.string().optional(),
})

/**
 * Reads the environment of ng-core.
 * @throws AppError INVALID_REQUEST that lists what is wrong
 */
export function loadConfig(env: NodeJS.ProcessEnv): NgCoreConfig {
  const service = loadServiceConfig('ng-core', env)
  const parsed = Env.safeParse(env)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
    throw new AppError('INVALID_REQUEST', `ng-core can't start, its environment is wrong: ${problems}.`)
  }
  return {
    ...service,
    databaseUrl: parsed.data.SLUICE_DATABASE_URL,
    redisUrl: parsed.data.SLUICE_REDIS_URL,
    kekFile: parsed.data.SLUICE_KEK_FILE,
    firstPasswordFile: parsed.data.SLUICE_FIRST_PASSWORD_FILE,
    firstDelegateTokenFile: parsed.data.SLUICE_FIRST_DELEGATE_TOKEN_FILE,
    firstEmail: parsed.data.SLUICE_FIRST_EMAIL,
    delegatePublicUrl: parsed.data.SLUICE_DELEGATE_PUBLIC_URL,
    publicCaFile: parsed.data.SLUICE_PUBLIC_CA_FILE,
  }
}
