import { context } from '@opentelemetry/api'
import { AppError } from '@sluice/contracts/errors'
import { TOKEN_HEADER, ON_BEHALF_OF_HEADER } from '@sluice/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import { readCredential } from '../credential/read-credential.ts'
import type { RateLimitChecks } from '../rate-limit/create-rate-limits.ts'
import { requireNoForeignOrigin, requireSameOrigin, type OriginCheck } from '../request-guard/require-same-origin.ts'
import { requireOwnAccount } from '../request-guard/require-own-account.ts'
import { findTarget, splitUrl } from './find-target.ts'

/**
 * Headers that only we may set behind the gateway, and credentials that nobody behind it needs. `forwarded` and its kin
 * would let a caller choose the address that is audited.
 */
const DROPPED = [
  TOKEN_HEADER,
  ON_BEHALF_OF_HEADER,
  'x-api-key',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'traceparent',
  'tracestate',
  'baggage',
]
const CREDENTIALS = ['authorization', 'cookie']

/** Routes at which the session itself is the subject: ng-core reads it there, and there only. */
const SESSION_PATHS = new Set(['/ng/api/auth/login', '/ng/api/auth/logout'])

/** Never reachable from outside, whatever the table says. */
const INTERNAL_PATH = /^\/[^?]*\/internal(\/|$)/

function originCheck(request: FastifyRequest, publicOrigin: string | undefined): OriginCheck {
  return { method: request.method, headers: request.headers, host: request.host, publicOrigin }
}

/** Handles every request of the gateway's table: who asks, may they, and on to the service that knows. */
export function createForwarding(deps: Deps, limits: RateLimitChecks) {
  const publicOrigin = deps.config.publicUrl === undefined ? undefined : new URL(deps.config.publicUrl).origin

  const send = (request: FastifyRequest, reply: FastifyReply, token: string | undefined, keep: boolean) => {
    const { path, query } = splitUrl(request.url)
    const target = findTarget(path)
    if (target === undefined || INTERNAL_PATH.test(target.path)) {
      throw new AppError(
        'ROUTE_NOT_FOUND',
        `There is no ${request.method} ${path.slice(0, 256)} here. The routes are listed at /gateway/docs.`,
      )
    }
    return context.with(request.traceContext, () =>
      deps.client.forward(request, reply, {
        to: target.service,
        path: query === undefined ? target.path : `${target.path}?${query}`,
        headers: { 'x-forwarded-for': request.ip, ...(token === undefined ? {} : { [TOKEN_HEADER]: token }) },
        drop: keep ? DROPPED : [...DROPPED, ...CREDENTIALS],
      }),
    )
  }

  return {
    /** A route at which nobody has to be signed in, and somebody may be. */
    any: async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      await limits.address(request, reply, undefined)
      const { path, query } = splitUrl(request.url)
      if (SESSION_PATHS.has(findTarget(path)?.path ?? '')) {
        requireNoForeignOrigin(originCheck(request, publicOrigin))
        return send(request, reply, undefined, true)
      }
      const credential = readCredential(request.headers)
      if (credential === undefined) return send(request, reply, undefined, false)
      requireSameOrigin(originCheck(request, publicOrigin), credential.type === 'session')
      await limits.credential(request, reply, credential)
      const revocationsBefore = deps.streams.revocations
      const internal = await deps.tokens.tokenFor(credential)
      requireOwnAccount(request.headers, new URLSearchParams(query), internal.accountId)
      if (internal.setCookie !== undefined) reply.header('set-cookie', internal.setCookie)
      deps.streams.judged(request, internal.accountId, revocationsBefore)
      return send(request, reply, internal.token, false)
    },

    /** Sign-in: the body is read here, because the limit counts by e-mail address. It is text at this point. */
    login: async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      await limits.address(request, reply, undefined)
      requireNoForeignOrigin(originCheck(request, publicOrigin))
      await limits.login(request, reply, emailIn(request.body))
      return send(request, reply, undefined, true)
    },
  }
}

/** E-mail address in a sign-in body; what is wrong with the body is ng-core's to say. */
function emailIn(body: unknown): string {
  if (typeof body !== 'string') return ''
  try {
    const json: unknown = JSON.parse(body)
    if (typeof json !== 'object' || json === null || !('email' in json)) return ''
    return typeof json.email === 'string' ? json.email.trim().toLowerCase().slice(0, 254) : ''
  } catch {
    // Not JSON: counted together.
    return ''
  }
}
