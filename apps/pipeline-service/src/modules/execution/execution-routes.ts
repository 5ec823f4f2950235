import type { Readable } from 'node:stream'
import { AppError } from '@sluice/contracts/errors'
import * as contract from '@sluice/contracts/pipelines'
import { toExecutionGraph } from '@sluice/pipeline'
import { registerRoute } from '@sluice/service-kit'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Deps } from '../../deps.ts'
import { projectScope } from '../project-scope.ts'
import { abortExecution } from './abort-execution.ts'
import { findExecution } from './find-execution.ts'
import type { ExecutionFeed } from './execution-feed.ts'
import { followExecution } from './follow-execution.ts'
import { followExecutions } from './follow-executions.ts'
import { listExecutions } from './list-executions.ts'
import { startExecution } from './start-execution.ts'

export function registerExecutionRoutes(app: FastifyInstance, deps: Deps, feed: ExecutionFeed): void {
  const common = {
    service: 'pipeline-service',
    verifier: deps.verifier,
    access: deps.access,
    logger: deps.logger,
  } as const

  registerRoute(app, contract.executePipeline, {
    ...common,
    handler: ({ actor, params, query, body }) =>
      startExecution(deps, actor, {
        scope: projectScope(actor, query),
        pipelineIdentifier: params.identifier,
        inputs: body,
        triggerType: 'MANUAL',
      }),
  })
  registerRoute(app, contract.rerunPipeline, {
    ...common,
    handler: async ({ actor, params, query }) => {
      const scope = projectScope(actor, query)
      const { execution } = await findExecution(deps, scope, params.executionId)
      if (execution.pipelineIdentifier !== params.identifier) {
        throw new AppError(
          'ENTITY_NOT_FOUND',
          `Pipeline "${params.identifier}" has no execution "${params.executionId}". Run the pipeline instead, or name the one that ran.`,
        )
      }
      return startExecution(deps, actor, {
        scope,
        pipelineIdentifier: params.identifier,
        inputs: execution.inputs ?? undefined,
        triggerType: 'MANUAL',
      })
    },
  })
  registerRoute(app, contract.interruptExecution, {
    ...common,
    handler: async ({ actor, params, query }) => {
      await abortExecution(deps, actor, projectScope(actor, query), params.executionId)
      return { planExecutionId: params.executionId, type: query.interruptType }
    },
  })
  registerRoute(app, contract.listExecutions, {
    ...common,
    handler: ({ actor, query: { triggeredBy, ...query } }) =>
      listExecutions(deps, {
        scope: projectScope(actor, query),
        ...query,
        triggeredById: triggeredBy === 'mine' ? actor.principal.id : undefined,
      }),
  })
  registerRoute(app, contract.getExecution, {
    ...common,
    handler: async ({ actor, params, query }) => {
      const { plan, state } = await findExecution(deps, projectScope(actor, query), params.executionId)
      return { ...toExecutionGraph(plan, state, { stageNodeId: query.stageNodeId }) }
    },
  })
  registerRoute(app, contract.followExecution, {
    ...common,
    handler: async ({ actor, params, query, reply, signal }) => {
      return sendEvents(
        reply,
        await followExecution(deps, feed, projectScope(actor, query), params.executionId, signal),
      )
    },
  })
  registerRoute(app, contract.followExecutions, {
    ...common,
    handler: ({ actor, query, reply, signal }) =>
      sendEvents(
        reply,
        followExecutions(
          deps,
          feed,
          { scope: projectScope(actor, query), pipelineIdentifier: query.pipelineIdentifier },
          signal,
        ),
      ),
  })
}

function sendEvents(reply: FastifyReply, events: Readable): FastifyReply {
  return reply
    .type('text/event-stream')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(events)
}
