import { AppError } from '@sluice/contracts/errors'
import { loadServiceConfig, type ServiceConfig } from '@sluice/service-kit'
import { z } from 'zod'

export interface GatewayConfig extends ServiceConfig {
  redisUrl: string
  limits: RateLimits
  /** Folder of the built UI; absent: only the API is served. */
  uiDir: string | undefined
}

/** Requests that are let through per window. */
export interface RateLimits {
  /** Per session or API key and minute. */
  perCredentialMinute: number
  /** Per address and ten seconds, signed in or not. */
  perAddressTenSeconds: number
  /** Sign-ins per address and e-mail address and minute. */
  loginsPerMinute: number
  /** Sign-ins per address and minute, over all e-mail addresses. */
  loginsPerAddressMinute: number
}

const Env = z.object({
  SLUICE_REDIS_URL: z.string(),
  SLUICE_UI_DIR: z.string().min(1).optional(),
  SLUICE_RATE_LIMIT_PER_CREDENTIAL_MINUTE: z.coerce.number().int().min(1).default(3_000),
  SLUICE_RATE_LIMIT_PER_ADDRESS_TEN_SECONDS: z.coerce.number().int().min(1).default(5_000),
  SLUICE_RATE_LIMIT_LOGINS_PER_MINUTE: z.coerce.number().int().min(1).default(10),
  SLUICE_RATE_LIMIT_LOGINS_PER_ADDRESS_MINUTE: z.coerce.number().int().min(1).default(60),
})

/**
 * Reads the environment of the gateway.
 * @throws AppError INVALID_REQUEST that lists what is wrong
 */
export function loadConfig(env: NodeJS.ProcessEnv): GatewayConfig {
  const service = loadServiceConfig('gateway', env)
  const parsed = Env.safeParse(env)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
    throw new AppError('INVALID_REQUEST', `gateway can't start, its environment is wrong: ${problems}.`)
  }
  return {
    ...service,
    redisUrl: parsed.data.SLUICE_REDIS_URL,
    uiDir: parsed.data.SLUICE_UI_DIR,
    limits: {
      perCredentialMinute: parsed.data.SLUICE_RATE_LIMIT_PER_CREDENTIAL_MINUTE,
      perAddressTenSeconds: parsed.data.SLUICE_RATE_LIMIT_PER_ADDRESS_TEN_SECONDS,
      loginsPerMinute: parsed.data.SLUICE_RATE_LIMIT_LOGINS_PER_MINUTE,
      loginsPerAddressMinute: parsed.data.SLUICE_RATE_LIMIT_LOGINS_PER_ADDRESS_MINUTE,
    },
  }
}
