import { createServer } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { registerRoutes } from './routes.ts'

/** The service's mutual-TLS server with every route mounted; the caller listens and closes. */
export async function buildApp(deps: Deps): Promise<FastifyInstance> {
  const { config, identity, logger, metrics } = deps
  const app = createServer({ config, identity, logger, metrics, listener: 'internal' })
  await registerRoutes(app, deps)
  return app
}
