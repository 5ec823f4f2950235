import { registerPassThrough } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { registerDirectRoutes } from './modules/direct/direct-routes.ts'
import { registerRepositoryRoutes } from './modules/repository/repository-routes.ts'
import { registerStepRoutes } from './modules/step/step-routes.ts'

/** Every route of the service: the steps of executions, requests without one, and the door to DB DevOps and SCM. */
export async function registerRoutes(app: FastifyInstance, deps: Deps): Promise<void> {
  registerStepRoutes(app, deps)
  registerDirectRoutes(app, deps)
  registerRepositoryRoutes(app, deps)
  await registerPassThrough(app, 'ng-manager', deps.client)
}
