import type { TLSSocket } from 'node:tls'
import { context, SpanStatusCode, type Context, type Span } from '@opentelemetry/api'
import { AppError, isAppError, toErrorBody } from '@sluice/contracts/errors'
import { newId } from '@sluice/contracts/ids'
import { allowedPeers, SERVICE_NAMES, serviceUri, type ServiceName } from '@sluice/contracts/network'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { ServiceConfig } from './config.ts'
import { readPair, uriNames, type ServiceIdentity } from './identity.ts'
import type { ServiceMetrics } from './metrics.ts'
import { EDGE_FROM, EDGE_TO, startServerSpan } from './tracing.ts'
import { watchFiles } from './watch-files.ts'

/** Header that ties a request to its log lines across services. */
export const CORRELATION_HEADER = 'x-correlation-id'

/** A JSON body larger than this is refused with BODY_TOO_LARGE. */
const BODY_LIMIT_BYTES = 1_048_576
/** Bodies that are handed to the route as text. */
const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml']
/** Longer than any internal call; streams set their own. */
const REQUEST_TIMEOUT_MS = 120_000
/** Prisma: a transaction did not begin, or did not end, in time. It was rolled back. */
const PRISMA_NO_TRANSACTION = 'P2028'

declare module 'fastify' {
  interface FastifyRequest {
    /** The service that opened the connection; undefined on a public listener. */
    peer: ServiceName | undefined
    /** Trace context of the request. */
    traceContext: Context
    span: Span | undefined
  }
}

export interface CreateServerOptions {
  config: ServiceConfig
  identity: ServiceIdentity
  logger: Logger
  /** `internal` asks for a client certificate and checks it against the network table; `public` does not. */
  listener: 'internal' | 'public'
  /** Serve HTTP/2 beside HTTP/1.1 (public listeners that browsers use). */
  http2?: boolean
  metrics?: ServiceMetrics
  /** Name of the initiator in traces of a public listener, e.g. `ui`. */
  publicInitiator?: string
  /** How often the public certificate is looked at. */
  reloadIntervalMs?: number
}

function peerOf(request: FastifyRequest): ServiceName | undefined {
  const socket = request.raw.socket as TLSSocket
  const names = uriNames(socket.getPeerCertificate().subjectaltname)
  return SERVICE_NAMES.find((name) => names.includes(serviceUri(name)))
}

/** The one place that sets request ids, timeouts, limits, TLS, peer checks, error handling and tracing of a server. */
export function createServer(options: CreateServerOptions): FastifyInstance {
  const { config, identity, logger } = options
  const internal = options.listener === 'internal'
  const { publicHttp } = config
  const publicPair =
    internal || publicHttp === undefined
      ? undefined
      : watchFiles([publicHttp.certFile, publicHttp.keyFile], () => readPair(publicHttp), {
          intervalMs: options.reloadIntervalMs,
          onError: (error) => logger.warn({ err: error }, 'public certificate'),
        })
  const secureContext = () => {
    if (publicPair !== undefined) return publicPair.current()
    const { cert, key, ca } = identity.credentials()
    return internal ? { cert, key, ca } : { cert, key }
  }
  const common = {
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 512 },
    genReqId: (request: { headers: Record<string, string | string[] | undefined> }) => {
      const given = request.headers[CORRELATION_HEADER]
      return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : newId('req')
    },
  }
  const tls = {
    ...secureContext(),
    minVersion: 'TLSv1.3' as const,
    ...(internal ? { requestCert: true, rejectUnauthorized: true } : {}),
  }
  // Handlers use what HTTP/1.1 and HTTP/2 requests share; Fastify's types part the two.
  const app = (options.http2 === true
    ? Fastify({ ...common, http2: true, https: { ...tls, allowHTTP1: true } })
    : Fastify({ ...common, https: tls })) as unknown as FastifyInstance

  const takeOver = (): void => {
    const server = app.server as { setSecureContext?: (context: object) => void }
    server.setSecureContext?.(secureContext())
  }
  if (publicPair === undefined) identity.onReload(takeOver)
  else publicPair.onChange(takeOver)
  app.addHook('onClose', () => publicPair?.close())

  app.decorateRequest('peer', undefined)
  app.decorateRequest('span', undefined)
  app.decorateRequest('traceContext')

  const allowed = allowedPeers(config.service)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(CORRELATION_HEADER, request.id)
    if (internal) {
      const peer = peerOf(request)
      request.peer = peer
      if (peer === undefined || !allowed.includes(peer)) {
        logger.warn({ audit: true, peer, url: request.url, correlationId: request.id }, 'peer refused')
        throw new AppError(
          'PEER_NOT_ALLOWED',
          `"${peer ?? 'an unknown peer'}" may not call ${config.service}: the network table has no such edge.`,
        )
      }
    }
    const traceparent = request.headers['traceparent']
    const started = startServerSpan(
      `${request.method} ${request.routeOptions.url ?? 'unmatched'}`,
      typeof traceparent === 'string' ? traceparent : undefined,
      { [EDGE_FROM]: request.peer ?? options.publicInitiator ?? 'public', [EDGE_TO]: config.service },
    )
    request.span = started.span
    request.traceContext = started.context
    context.with(started.context, done)
  })

  app.addHook('onResponse', (request, reply, done) => {
    request.span?.setAttribute('http.status_code', reply.statusCode)
    if (reply.statusCode >= 500) request.span?.setStatus({ code: SpanStatusCode.ERROR })
    request.span?.end()
    const route = request.routeOptions.url ?? 'unmatched'
    options.metrics?.observeRequest(
      { method: request.method, route, status: reply.statusCode },
      reply.elapsedTime / 1000,
    )
    logger.debug(
      {
        method: request.method,
        route,
        status: reply.statusCode,
        ms: reply.elapsedTime,
        peer: request.peer,
        correlationId: request.id,
      },
      'request',
    )
    done()
  })

  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    // `curl -X POST -H 'content-type: application/json'` without a body is no mistake worth a 400.
    if (body === '') done(null, undefined)
    else void parseJson(request, body, done)
  })
  app.addContentTypeParser(YAML_TYPES, { parseAs: 'string' }, (_request, body, done) => done(null, body))

  app.setErrorHandler((error, request, reply) => {
    const appError = toAppError(error)
    const body = toErrorBody(appError, request.id)
    const line = {
      code: body.code,
      correlationId: request.id,
      route: request.routeOptions.url,
      context: isAppError(appError) ? appError.context : undefined,
    }
    if (!isAppError(appError) || appError.kind === 'bug') logger.error({ ...line, err: error }, 'request failed')
    else if (appError.kind === 'operational') logger.warn({ ...line, err: error }, 'request failed')
    else logger.info({ ...line, sentence: appError.message }, 'request refused')
    return reply
      .code(isAppError(appError) ? appError.status : 500)
      .type('application/json')
      .send(body)
  })

  app.setNotFoundHandler((request) => {
    throw new AppError(
      'ROUTE_NOT_FOUND',
      `There is no ${request.method} ${request.url.split('?')[0] ?? ''} here. The routes are listed at /gateway/docs.`,
    )
  })
  return app
}

/** Fastify's own errors as ours: body too large, bad JSON, unknown media type. */
function toAppError(error: unknown): unknown {
  if (isAppError(error)) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new AppError('BODY_TOO_LARGE', `The body is larger than ${BODY_LIMIT_BYTES} bytes.`, { cause: error })
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError(
      'UNSUPPORTED_MEDIA_TYPE',
      'Send the body as application/json (or application/yaml where the route says so).',
      { cause: error },
    )
  }
  if (code === PRISMA_NO_TRANSACTION) {
    return new AppError('SERVICE_UNAVAILABLE', 'The service has too much to do just now. Try again in a moment.', {
      cause: error,
    })
  }
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (typeof status === 'number' && status >= 400 && status < 500 && error instanceof Error) {
    return new AppError(status === 429 ? 'TOO_MANY_REQUESTS' : 'INVALID_REQUEST', error.message, { cause: error })
  }
  return error
}
