import helmet from '@fastify/helmet'
import { getGatewayHealth } from '@sluice/contracts/gateway'
import { GATEWAY_PREFIXES } from '@sluice/contracts/routes'
import { createServer, registerRoute } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { createForwarding } from './modules/forwarding/forward-request.ts'
import { createRateLimits } from './modules/rate-limit/create-rate-limits.ts'
import { registerDocsPage } from './modules/reference/docs-page.ts'
import { openApiText } from './modules/reference/openapi-document.ts'
import { serveUi } from './modules/ui/serve-ui.ts'

const LOGIN_PATH = '/gateway/ng/api/auth/login'
/** A sign-in body is some hundred bytes. */
const LOGIN_BODY_LIMIT_BYTES = 8_192
/** Hosts of a laptop: pinning them to HTTPS would break whatever else runs there. */
const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]'])

/** The public server, not yet listening. */
export async function buildApp(deps: Deps): Promise<FastifyInstance> {
  const { config } = deps
  const app = createServer({
    config,
    identity: deps.identity,
    logger: deps.logger,
    listener: 'public',
    http2: true,
    metrics: deps.metrics,
    publicInitiator: 'ui',
  })
  const host = config.publicUrl === undefined ? 'localhost' : new URL(config.publicUrl).hostname
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        workerSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: LOOPBACK_HOSTS.has(host) ? false : { maxAge: 31_536_000, includeSubDomains: false },
    referrerPolicy: { policy: 'no-referrer' },
  })
  // Fastify ends the connection of a body that is too large; HTTP/2 has no such header.
  app.addHook('onSend', async (request, reply) => {
    if (request.raw.httpVersionMajor > 1) reply.removeHeader('connection')
    deps.streams.follow(request, reply)
  })
  const limits = await createRateLimits(app, deps.redis, config.limits)
  const forwarding = createForwarding(deps, limits)

  registerRoute(app, getGatewayHealth, {
    service: 'gateway',
    logger: deps.logger,
    handler: () => ({ status: 'ok' as const }),
  })
  const document = openApiText()
  app.get('/gateway/openapi.json', async (request, reply) => {
    await limits.address(request, reply, undefined)
    return reply.type('application/json').header('cache-control', 'no-cache').send(document)
  })
  await registerDocsPage(app)
  if (config.uiDir === undefined) app.get('/', (_request, reply) => reply.redirect('/gateway/docs', 302))
  else await serveUi(app, config.uiDir)

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: LOGIN_BODY_LIMIT_BYTES }, (_request, body, done) =>
      done(null, body),
    )
    scope.post(LOGIN_PATH, forwarding.login)
  })
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // Bodies are streamed on, whatever they are.
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    for (const { prefix } of GATEWAY_PREFIXES) scope.all(`${prefix}/*`, forwarding.any)
  })
  return app
}
