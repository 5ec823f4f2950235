import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { registerInstanceRoutes } from './modules/instance/instance-routes.ts'
import { registerPlanRoutes } from './modules/plan/plan-routes.ts'
import { registerSchemaRoutes } from './modules/schema/schema-routes.ts'
import { registerStateRoutes } from './modules/state/state-routes.ts'
import { registerStepRoutes } from './modules/step/step-routes.ts'

/** Every route of the service. */
export function registerRoutes(app: FastifyInstance, deps: Deps): void {
  registerSchemaRoutes(app, deps)
  registerInstanceRoutes(app, deps)
  registerStateRoutes(app, deps)
  registerPlanRoutes(app, deps)
  registerStepRoutes(app, deps)
}
