import {
  cancelStep as cancelContract,
  reportStep as reportContract,
  submitStep as submitContract,
} from '@sluice/contracts/steps'
import { AppError } from '@sluice/contracts/errors'
import { registerRoute, type Actor } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { reportStep } from '../report/report-step.ts'
import { cancelStep } from './cancel-step.ts'
import { submitStep } from './submit-step.ts'

/** Steps are pipeline-service's background work: the token of a request does not submit them. */
function requireBackground(actor: Actor): Actor {
  if (actor.source === 'on-behalf-of') return actor
  throw new AppError('PEER_NOT_ALLOWED', 'Steps are submitted by executions only. Run a pipeline instead.')
}

export function registerStepRoutes(app: FastifyInstance, deps: Deps): void {
  const { verifier, logger } = deps
  // Without `access`: cancelling, cleaning up and reporting go on when the runner has left; submitting asks by itself.
  const mount = { service: 'ng-manager', verifier, logger } as const
  registerRoute(app, submitContract, {
    ...mount,
    handler: ({ actor, body, signal }) => submitStep(deps, requireBackground(actor), body, signal),
  })
  registerRoute(app, cancelContract, {
    ...mount,
    handler: async ({ actor, params, body }) => {
      const { accountId } = requireBackground(actor)
      await cancelStep(deps, { accountId, attemptId: params.attemptId, ...body })
      return undefined
    },
  })
  registerRoute(app, reportContract, {
    ...mount,
    handler: async ({ actor, params, body, signal }) => {
      await reportStep(deps, requireBackground(actor), params.attemptId, body, signal)
      return undefined
    },
  })
}
