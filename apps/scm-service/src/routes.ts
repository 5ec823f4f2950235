import { AppError } from '@sluice/contracts/errors'
import type { RouteContract } from '@sluice/contracts/routes'
import { listBranches, listRepositoryFiles, readRepositoryFile, resolveRef } from '@sluice/contracts/scm'
import { registerRoute, type Actor, type RegisterRouteOptions, type RouteContext } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { ScmServiceDeps } from './deps.ts'
import { listRemoteBranches } from './modules/branch/list-branches.ts'
import { listRemoteFiles } from './modules/file/list-repository-files.ts'
import { readRemoteFile } from './modules/file/read-repository-file.ts'

/** Routes for ng-manager, which has checked the connector and acts for somebody. */
export function registerRoutes(app: FastifyInstance, deps: ScmServiceDeps): void {
  registerPeer(app, deps, resolveRef, ({ body }, actor) => deps.resolveRef({ ...body, accountId: actor.accountId }))
  registerPeer(app, deps, listBranches, ({ body }) => listRemoteBranches(deps.reader, body))
  registerPeer(app, deps, listRepositoryFiles, ({ body }) => listRemoteFiles(deps.reader, body))
  registerPeer(app, deps, readRepositoryFile, ({ body }) => readRemoteFile(deps.reader, body))
}

type Handle<Contract extends RouteContract> = (
  context: RouteContext<Contract>,
  actor: Actor,
) => ReturnType<RegisterRouteOptions<Contract>['handler']>

function registerPeer<const Contract extends RouteContract>(
  app: FastifyInstance,
  deps: ScmServiceDeps,
  contract: Contract,
  handle: Handle<Contract>,
): void {
  const { logger, verifier, access } = deps
  registerRoute(app, contract, {
    service: 'scm-service',
    logger,
    verifier,
    access,
    handler: async (context) => {
      const { actor } = context
      // A person's own request comes here by pass-through, past ng-manager's checks of the connector.
      if (actor.source !== 'on-behalf-of') {
        throw new AppError('ACCESS_DENIED', 'This route is for NG Manager. Read repositories through a connector.')
      }
      return handle(context, actor)
    },
  })
}
