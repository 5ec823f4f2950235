import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { registerExecutionRoutes } from './modules/execution/execution-routes.ts'
import type { ExecutionFeed } from './modules/execution/execution-feed.ts'
import { registerPipelineRoutes } from './modules/pipeline/pipeline-routes.ts'

export function registerRoutes(app: FastifyInstance, deps: Deps, feed: ExecutionFeed): void {
  registerPipelineRoutes(app, deps)
  registerExecutionRoutes(app, deps, feed)
}
