import type { RouteContract } from '@sluice/contracts/routes'
import { registerRoute, type RegisterRouteOptions } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { mountAccountRoutes } from './modules/account/account-routes.ts'
import { mountApiKeyRoutes } from './modules/api-key/api-key-routes.ts'
import { mountAuditRoutes } from './modules/audit/audit-routes.ts'
import { mountConnectorRoutes } from './modules/connector/connector-routes.ts'
import { mountDelegateTokenRoutes } from './modules/delegate-token/delegate-token-routes.ts'
import { mountDelegateRoutes } from './modules/delegate/delegate-routes.ts'
import { mountOrganizationRoutes } from './modules/organization/organization-routes.ts'
import { mountProjectRoutes } from './modules/project/project-routes.ts'
import { mountSecretRoutes } from './modules/secret/secret-routes.ts'
import { mountSessionRoutes } from './modules/session/session-routes.ts'
import { mountSettingRoutes } from './modules/setting/setting-routes.ts'
import { mountUserRoutes } from './modules/user/user-routes.ts'

/** Mounts one contract of ng-core. */
export type MountRoute = <const Contract extends RouteContract>(
  contract: Contract,
  handler: RegisterRouteOptions<Contract>['handler'],
  options?: Pick<RegisterRouteOptions<Contract>, 'scopeOf'>,
) => void

/** What a module mounts its routes with. */
export interface Mount {
  route: MountRoute
  deps: Deps
}

/** Every route of ng-core. */
export function registerRoutes(app: FastifyInstance, deps: Deps): void {
  const route: MountRoute = (contract, handler, options) => {
    registerRoute(app, contract, {
      service: 'ng-core',
      verifier: deps.verifier,
      access: deps.access,
      logger: deps.logger,
      handler,
      ...options,
    })
  }
  const mount: Mount = { route, deps }
  mountSessionRoutes(mount)
  mountAccountRoutes(mount)
  mountOrganizationRoutes(mount)
  mountProjectRoutes(mount)
  mountUserRoutes(mount)
  mountApiKeyRoutes(mount)
  mountSecretRoutes(mount)
  mountConnectorRoutes(mount)
  mountDelegateTokenRoutes(mount)
  mountDelegateRoutes(mount)
  mountSettingRoutes(mount)
  mountAuditRoutes(mount)
}
