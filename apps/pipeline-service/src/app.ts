import { createServer, registerPassThrough } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import type { ExecutionFeed } from './modules/execution/execution-feed.ts'
import { registerRoutes } from './routes.ts'

/** The service's mutual-TLS server, not listening yet. */
export async function buildApp(deps: Deps, feed: ExecutionFeed): Promise<FastifyInstance> {
  const { config, identity, logger, metrics } = deps
  const app = createServer({ config, identity, logger, metrics, listener: 'internal' })
  registerRoutes(app, deps, feed)
  await registerPassThrough(app, 'pipeline-service', deps.client)
  return app
}
