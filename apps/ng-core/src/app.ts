import { createServer } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { registerRoutes } from './routes.ts'

/** The mutual-TLS server of ng-core, not yet listening. */
export function buildApp(deps: Deps): FastifyInstance {
  const app = createServer({
    config: deps.config,
    identity: deps.identity,
    logger: deps.logger,
    listener: 'internal',
    metrics: deps.metrics,
  })
  registerRoutes(app, deps)
  return app
}
