import { context } from '@opentelemetry/api'
import type { Permission } from '@sluice/contracts/access'
import { AppError, type Problem } from '@sluice/contracts/errors'
import type { Scope } from '@sluice/contracts/ids'
import type { ServiceName } from '@sluice/contracts/network'
import type { RouteBody, RouteContract, RouteParams, RouteQuery, RouteResponseInput } from '@sluice/contracts/routes'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { AccessControl } from './access-control.ts'
import { FORWARDED_HEADER, readActor, type Actor } from './actor.ts'
import type { TokenVerifier } from './tokens.ts'

export interface RouteContext<Contract extends RouteContract> {
  params: RouteParams<Contract>
  query: RouteQuery<Contract>
  body: RouteBody<Contract>
  /** Who acts. Throws on routes that ask nobody (`auth: 'public'`). */
  readonly actor: Actor
  request: FastifyRequest
  reply: FastifyReply
  /** Aborts when the caller goes away. */
  signal: AbortSignal
  log: Logger
}

export type RouteResult<Contract extends RouteContract> = Contract['response'] extends z.ZodType
  ? RouteResponseInput<Contract> | FastifyReply
  : FastifyReply | undefined

export interface RegisterRouteOptions<Contract extends RouteContract> {
  service: ServiceName
  verifier?: TokenVerifier
  access?: AccessControl
  logger: Logger
  /** Scope in which the permission is asked for. Default: org and project of params or query. `'anywhere'`: in any scope. */
  scopeOf?: (input: {
    params: RouteParams<Contract>
    query: RouteQuery<Contract>
    body: RouteBody<Contract>
    actor: Actor
  }) => Scope | 'anywhere'
  handler: (ctx: RouteContext<Contract>) => Promise<RouteResult<Contract>> | RouteResult<Contract>
}

function problemsOf(place: string, error: z.ZodError): Problem[] {
  return error.issues.map((issue) => ({ path: [place, ...issue.path.map(String)].join('.'), message: issue.message }))
}

/** True where any text in `value`, keys included, holds a NUL character. Depth is bounded by the JSON parser's body limit. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\u0000')
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, member]) => key.includes('\u0000') || holdsNul(member))
}

function parsePart(place: string, schema: z.ZodType | undefined, value: unknown, problems: Problem[]): unknown {
  if (schema === undefined) return undefined
  if (holdsNul(value)) {
    // Postgres can't store it in text; refused here, it is nobody's 500.
    problems.push({ path: place, message: 'must not hold a NUL character' })
    return undefined
  }
  // Fastify gives null where a request has no body.
  const parsed = schema.safeParse(value ?? undefined)
  if (parsed.success) return parsed.data
  problems.push(...problemsOf(place, parsed.error))
  return undefined
}

function textOf(source: unknown, ...names: string[]): string | undefined {
  if (typeof source !== 'object' || source === null) return undefined
  for (const [key, value] of Object.entries(source)) {
    if (names.includes(key) && typeof value === 'string') return value
  }
  return undefined
}

function defaultScope(actor: Actor, params: unknown, query: unknown): Scope {
  return {
    accountId: actor.accountId,
    orgIdentifier: textOf(params, 'org', 'orgIdentifier') ?? textOf(query, 'orgIdentifier'),
    projectIdentifier: textOf(params, 'project', 'projectIdentifier') ?? textOf(query, 'projectIdentifier'),
  }
}

async function authorize(
  access: AccessControl | undefined,
  actor: Actor,
  permission: Permission,
  scope: Scope | 'anywhere',
): Promise<void> {
  if (access === undefined) throw new AppError('INTERNAL', `no access control for ${permission}`)
  if (scope !== 'anywhere') return access.require(actor, permission, scope)
  if (await access.allowsSomewhere(actor, permission)) return undefined
  return access.require(actor, permission, { accountId: actor.accountId })
}

/**
 * Mounts a route contract: authentication, permission, validation of every part, envelope, response schema.
 * The handler gets parsed input and returns the body (or the reply, for streams).
 */
export function registerRoute<const Contract extends RouteContract>(
  app: FastifyInstance,
  contract: Contract,
  options: RegisterRouteOptions<Contract>,
): void {
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    // A pass-through carries an end user's request along the same edges: that is not the neighbour itself speaking.
    if (contract.auth === 'peer' && (request.peer === undefined || request.headers[FORWARDED_HEADER] !== undefined)) {
      throw new AppError('PEER_NOT_ALLOWED', 'This route is for other services of Sluice only.')
    }
    const actor =
      contract.auth === 'public'
        ? undefined
        : await readActor({
            service: options.service,
            peer: request.peer,
            headers: request.headers,
            correlationId: request.id,
            verifier: options.verifier,
          })
    if (actor === undefined && (contract.auth === 'principal' || contract.auth === 'permission')) {
      throw new AppError('UNAUTHENTICATED', 'Log in, or send an API key in the x-api-key header.')
    }
    if (contract.auth === 'peer' && actor?.source === 'token') {
      throw new AppError('PEER_NOT_ALLOWED', 'This route is for other services of Sluice only.')
    }
    if (actor?.source === 'on-behalf-of' && options.access !== undefined) await options.access.requireActive(actor)

    const problems: Problem[] = []
    const params = parsePart('path', contract.params, request.params, problems) as RouteParams<Contract>
    const query = parsePart('query', contract.query, request.query, problems) as RouteQuery<Contract>
    const body = parsePart('body', contract.body, request.body, problems) as RouteBody<Contract>
    if (problems.length > 0) {
      throw new AppError(
        'INVALID_REQUEST',
        `The request is not valid: ${problems
          .slice(0, 5)
          .map((problem) => `${problem.path} ${problem.message}`)
          .join('; ')}.`,
        { details: problems },
      )
    }
    if (contract.permission !== undefined && actor !== undefined) {
      const scope = options.scopeOf?.({ params, query, body, actor }) ?? defaultScope(actor, params, query)
      await authorize(options.access, actor, contract.permission, scope)
    }

    const abort = new AbortController()
    const onClose = (): void => {
      if (!reply.raw.writableFinished) abort.abort(new Error('the caller went away'))
    }
    reply.raw.once('close', onClose)
    const result = await options.handler({
      params,
      query,
      body,
      get actor() {
        if (actor === undefined) throw new AppError('UNAUTHENTICATED', 'This needs somebody who acts: log in first.')
        return actor
      },
      request,
      reply,
      signal: abort.signal,
      log: options.logger,
    })
    // A reply is thenable: a handler that returned one is waited for until its stream ends, or until the caller goes away.
    // Then nothing was "sent" for Fastify, and yet there is nothing left to say.
    if (reply.sent || reply.raw.headersSent || reply.raw.destroyed || result === reply) return reply
    if (contract.response === undefined) return reply.code(contract.status ?? 204).send()
    const data = contract.response.parse(result)
    reply.code(contract.status ?? 200)
    return contract.family === 'ng' ? { status: 'SUCCESS', data, metaData: null, correlationId: request.id } : data
  }
  app.route({
    method: contract.method,
    url: contract.path,
    handler: (request, reply) => context.with(request.traceContext, () => handle(request, reply)),
  })
}
