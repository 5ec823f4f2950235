import { AppError, fromErrorBody, isAppError } from '@sluice/contracts/errors'
import { allowedDestinations, serviceUri, type ServiceName } from '@sluice/contracts/network'
import type { OnBehalfOf } from '@sluice/contracts/access'
import type { RouteContract, RouteInput, RouteResponse } from '@sluice/contracts/routes'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { Agent, type Dispatcher, request as send } from 'undici'
import { CLIENT_ADDRESS_HEADER, FORWARDED_HEADER, ON_BEHALF_OF_HEADER, TOKEN_HEADER, type Actor } from './actor.ts'
import type { ServiceConfig } from './config.ts'
import { uriNames, type ServiceIdentity } from './identity.ts'
import { CORRELATION_HEADER } from './server.ts'
import { activeTraceparent, inSpan } from './tracing.ts'

/** An internal call that takes longer than this has failed, unless the caller says otherwise. */
const CALL_TIMEOUT_MS = 15_000

export interface CallOptions {
  /** Whose token is handed on, or who is acted for. */
  actor?: Actor
  onBehalfOf?: OnBehalfOf
  correlationId?: string
  signal?: AbortSignal
  timeoutMs?: number
}

export interface ForwardTarget {
  to: ServiceName
  /** Path and query at the destination. */
  path: string
  /** Headers to add, e.g. the internal token at the gateway. */
  headers?: Record<string, string>
  /** Headers of the caller that must not be handed on, lower case. */
  drop?: readonly string[]
}

export interface ServiceClient {
  /**
   * Calls a route of another service.
   * @throws AppError of the other side's body; SERVICE_UNAVAILABLE or UPSTREAM_TIMEOUT that names the edge.
   */
  call<Contract extends RouteContract>(
    contract: Contract,
    input: RouteInput<Contract>,
    options?: CallOptions,
  ): Promise<RouteResponse<Contract>>
  /** Streams a request on to another service and its answer back, server-sent events included. */
  forward(request: FastifyRequest, reply: FastifyReply, target: ForwardTarget): Promise<FastifyReply>
  close(): Promise<void>
}

const HOP_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'http2-settings',
  'expect',
])

/** `.` and `..` between slashes, percent-encoded or not. */
const CLIMBING_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)/i

function fillPath(path: string, params: unknown): string {
  const values = new Map(Object.entries(typeof params === 'object' && params !== null ? params : {}))
  return path.replaceAll(/:(\w+)/g, (_match, name: string) => encodeURIComponent(String(values.get(name) ?? '')))
}

function queryText(query: unknown): string {
  if (typeof query !== 'object' || query === null) return ''
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) search.set(key, String(value))
  }
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

/** A client that calls only where the network table has an edge, and only whom it can identify. */
export function createServiceClient(deps: {
  config: Pick<ServiceConfig, 'service' | 'destinations'>
  identity: ServiceIdentity
  logger: Logger
}): ServiceClient {
  const { config, identity } = deps
  const agents = new Map<ServiceName, Agent>()

  const agentFor = (destination: ServiceName): Agent => {
    const known = agents.get(destination)
    if (known !== undefined) return known
    const { cert, key, ca } = identity.credentials()
    const agent = new Agent({
      connections: 64,
      keepAliveTimeout: 60_000,
      headersTimeout: 120_000,
      bodyTimeout: 0,
      connect: {
        cert,
        key,
        ca,
        timeout: 5_000,
        checkServerIdentity: (_host, certificate) =>
          uriNames(certificate.subjectaltname).includes(serviceUri(destination))
            ? undefined
            : new Error(`the server is not ${destination}`),
      },
    })
    agents.set(destination, agent)
    return agent
  }
  identity.onReload(() => {
    const old = [...agents.values()]
    agents.clear()
    for (const agent of old)
      agent.close().catch((error: unknown) => deps.logger.warn({ err: error }, 'old connections not closed'))
  })

  const originOf = (destination: ServiceName): string => {
    const url = config.destinations[destination]
    if (url === undefined || !allowedDestinations(config.service).includes(destination)) {
      throw new AppError('INTERNAL', `${config.service} has no edge to ${destination}`)
    }
    return url.replace(/\/$/, '')
  }

  const unavailable = (destination: ServiceName, error: unknown): AppError => {
    if (isAppError(error)) return error
    const name = error instanceof Error ? error.name : ''
    const edge = `${config.service} → ${destination}`
    return name === 'TimeoutError' || name === 'HeadersTimeoutError'
      ? new AppError(
          'UPSTREAM_TIMEOUT',
          `The call ${edge} got no answer in time. Try again; if it stays, look at the health of ${destination}.`,
          { cause: error, details: { edge } },
        )
      : new AppError(
          'SERVICE_UNAVAILABLE',
          `The call ${edge} failed: the service can't be reached. Try again; if it stays, look at the health of ${destination}.`,
          { cause: error, details: { edge } },
        )
  }

  const dispatch = async (
    destination: ServiceName,
    path: string,
    init: Omit<Dispatcher.RequestOptions, 'path' | 'origin'>,
  ) => {
    // A URL is resolved before it is sent: a segment that climbs would leave the prefix that was checked.
    if (CLIMBING_SEGMENT.test(path.split('?', 1)[0] ?? '')) {
      throw new AppError('INVALID_REQUEST', 'The path must not hold the segments "." or "..".')
    }
    return send(`${originOf(destination)}${path}`, { ...init, dispatcher: agentFor(destination) })
  }

  return {
    async call(contract, input, options = {}) {
      const destination = contract.service
      const { actor } = options
      const headers: Record<string, string> = { accept: 'application/json' }
      const correlationId = options.correlationId ?? actor?.correlationId
      if (correlationId !== undefined) headers[CORRELATION_HEADER] = correlationId
      const onBehalfOf =
        options.onBehalfOf ??
        (actor?.source === 'on-behalf-of' ? { accountId: actor.accountId, principal: actor.principal } : undefined)
      if (onBehalfOf !== undefined) headers[ON_BEHALF_OF_HEADER] = asciiJson(onBehalfOf)
      else if (actor?.token !== undefined) {
        headers[TOKEN_HEADER] = actor.token
        if (actor.ip !== undefined) headers[CLIENT_ADDRESS_HEADER] = actor.ip
      }
      if (input.body !== undefined) headers['content-type'] = 'application/json'
      const timeout = AbortSignal.timeout(options.timeoutMs ?? CALL_TIMEOUT_MS)
      const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
      return inSpan(`${contract.method} ${contract.path}`, { kind: 'client' }, async () => {
        const traceparent = activeTraceparent()
        if (traceparent !== undefined) headers['traceparent'] = traceparent
        let status: number
        let text: string
        try {
          const response = await dispatch(destination, fillPath(contract.path, input.params) + queryText(input.query), {
            method: contract.method,
            headers,
            body: input.body === undefined ? null : JSON.stringify(input.body),
            signal,
          })
          status = response.statusCode
          text = await response.body.text()
        } catch (error) {
          throw unavailable(destination, error)
        }
        const json = text === '' ? undefined : parseJson(text)
        if (status >= 400) throw fromErrorBody(json, status)
        if (contract.response === undefined) return undefined as RouteResponse<typeof contract>
        const data =
          contract.family === 'ng' && typeof json === 'object' && json !== null && 'data' in json ? json.data : json
        const parsed = contract.response.safeParse(data)
        if (parsed.success) return parsed.data as RouteResponse<typeof contract>
        throw new AppError(
          'INTERNAL',
          `The answer of ${config.service} → ${destination} to "${contract.operationId}" does not have its shape.`,
          { cause: parsed.error },
        )
      })
    },

    async forward(request, reply, target) {
      const headers: Record<string, string> = {}
      for (const [name, value] of Object.entries(request.headers)) {
        if (
          value === undefined ||
          name.startsWith(':') ||
          HOP_HEADERS.has(name) ||
          target.drop?.includes(name) === true
        )
          continue
        headers[name] = Array.isArray(value) ? value.join(', ') : value
      }
      Object.assign(headers, target.headers, { [CORRELATION_HEADER]: request.id, [FORWARDED_HEADER]: config.service })
      const traceparent = activeTraceparent()
      if (traceparent !== undefined) headers['traceparent'] = traceparent
      const abort = new AbortController()
      reply.raw.once('close', () => abort.abort())
      const hasBody = request.method !== 'GET' && request.method !== 'HEAD' && request.body !== undefined
      let response: Dispatcher.ResponseData<unknown>
      try {
        response = await dispatch(target.to, target.path, {
          method: request.method,
          headers,
          body: hasBody ? (request.body as NonNullable<Dispatcher.RequestOptions['body']>) : null,
          signal: abort.signal,
        })
      } catch (error) {
        throw unavailable(target.to, error)
      }
      reply.code(response.statusCode)
      for (const [name, value] of Object.entries(response.headers)) {
        if (value !== undefined && !HOP_HEADERS.has(name)) reply.header(name, value)
      }
      return reply.send(response.body)
    },

    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
    },
  }
}

/** JSON that fits into a header: everything outside ASCII is escaped. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
