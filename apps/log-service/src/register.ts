import type { RouteContract } from '@sluice/contracts/routes'
import { registerRoute, type RegisterRouteOptions } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { LogServiceDeps } from './deps.ts'

type Handler<Contract extends RouteContract> = RegisterRouteOptions<Contract>['handler']

/** Mounts a route that asks for a token of its own (log token, signed link). */
export function registerPublic<const Contract extends RouteContract>(
  app: FastifyInstance,
  deps: LogServiceDeps,
  contract: Contract,
  handler: Handler<Contract>,
): void {
  registerRoute(app, contract, { service: 'log-service', logger: deps.logger, handler })
}

/**
 * Mounts a route for readers. The request names a key, not a scope: here the reader needs the permission somewhere in
 * the account, and the handler asks for it again in the scope that the log is stored with (findReadable).
 */
export function registerReader<const Contract extends RouteContract>(
  app: FastifyInstance,
  deps: LogServiceDeps,
  contract: Contract,
  handler: Handler<Contract>,
): void {
  const { logger, verifier, access } = deps
  registerRoute(app, contract, { service: 'log-service', logger, verifier, access, scopeOf: () => 'anywhere', handler })
}
