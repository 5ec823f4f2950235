import { getStepInputs, postStepReport, putReportPiece } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import { registerRoute, type Actor } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { putPiece } from './put-piece.ts'
import { readStepInputs } from './read-step-inputs.ts'
import { storeReport } from './store-report.ts'

/** Requests of people pass ng-manager as well, with their token: these routes are for its own work only. */
function requireBackground(actor: Actor): Actor {
  if (actor.source === 'on-behalf-of') return actor
  throw new AppError(
    'PEER_NOT_ALLOWED',
    'This route is for the steps of an execution; people read the state and the plans.',
  )
}

export function registerStepRoutes(app: FastifyInstance, deps: Deps): void {
  const { verifier, logger, access } = deps
  registerRoute(app, getStepInputs, {
    service: 'dbdevops-service',
    verifier,
    logger,
    access,
    handler: ({ actor, params, query }) => {
      const { accountId } = requireBackground(actor)
      return readStepInputs(deps, actor, { accountId, org: params.org, project: params.project }, query)
    },
  })
  // A report is stored even if the runner has left meanwhile: without `access`, nobody asks whether he is active.
  registerRoute(app, putReportPiece, {
    service: 'dbdevops-service',
    verifier,
    logger,
    handler: async ({ actor, params, body }) => {
      await putPiece(deps, { accountId: requireBackground(actor).accountId, ...params, content: body.content })
      return undefined
    },
  })
  registerRoute(app, postStepReport, {
    service: 'dbdevops-service',
    verifier,
    logger,
    handler: async ({ actor, body }) => ({
      disposition: await storeReport(deps, requireBackground(actor).accountId, body),
    }),
  })
}
