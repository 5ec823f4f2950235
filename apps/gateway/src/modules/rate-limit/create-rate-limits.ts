import { createHash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { Credential } from '@sluice/contracts/auth'
import { AppError } from '@sluice/contracts/errors'
import { ownKeyPrefix, type createRedis } from '@sluice/database'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RateLimits } from '../../config.ts'

const MINUTE_MS = 60_000
const TEN_SECONDS_MS = 10_000

/** Counts a request; throws TOO_MANY_REQUESTS and sets `retry-after` when there were too many. */
export type LimitCheck<Key> = (request: FastifyRequest, reply: FastifyReply, key: Key) => Promise<void>

export interface RateLimitChecks {
  address: LimitCheck<undefined>
  credential: LimitCheck<Credential>
  /** The key is the e-mail address that wants to sign in. */
  login: LimitCheck<string>
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/**
 * Counters in the gateway's own keys in Redis, shared by its replicas. With Redis away nothing is counted: ng-core's
 * lock-out still guards passwords.
 */
export async function createRateLimits(
  app: FastifyInstance,
  redis: ReturnType<typeof createRedis>,
  limits: RateLimits,
): Promise<RateLimitChecks> {
  await app.register(rateLimit, {
    global: false,
    redis,
    nameSpace: `${ownKeyPrefix('gateway')}rate:`,
    skipOnError: true,
  })
  const keys = new WeakMap<FastifyRequest, string>()
  const limiter = (max: number, timeWindow: number, what: string) => {
    const check = app.createRateLimit({ max, timeWindow, keyGenerator: (request) => keys.get(request) ?? request.ip })
    return async (request: FastifyRequest, reply: FastifyReply, key: string): Promise<void> => {
      // Waiting for a Redis that is away would cost every request seconds.
      if (redis.status !== 'ready') return
      keys.set(request, key)
      const result = await check(request)
      if (result.isAllowed || !result.isExceeded) return
      reply.header('retry-after', result.ttlInSeconds)
      throw new AppError(
        'TOO_MANY_REQUESTS',
        `Too many ${what}: at most ${max} in ${timeWindow / 1000} seconds. Try again in ${result.ttlInSeconds} seconds.`,
        { details: { retryAfterSeconds: result.ttlInSeconds } },
      )
    }
  }
  const byAddress = limiter(limits.perAddressTenSeconds, TEN_SECONDS_MS, 'requests from your address')
  const byCredential = limiter(limits.perCredentialMinute, MINUTE_MS, 'requests with this credential')
  const byLogin = limiter(limits.loginsPerMinute, MINUTE_MS, 'sign-ins')
  const byLoginAddress = limiter(limits.loginsPerAddressMinute, MINUTE_MS, 'sign-ins from your address')
  return {
    address: (request, reply) => byAddress(request, reply, `address:${request.ip}`),
    credential: (request, reply, credential) =>
      byCredential(request, reply, `credential:${digest(`${credential.type}:${credential.value}`)}`),
    login: async (request, reply, email) => {
      await byLoginAddress(request, reply, `login-address:${request.ip}`)
      await byLogin(request, reply, `login:${request.ip}:${digest(email)}`)
    },
  }
}
