import { AppError } from '@sluice/contracts/errors'
import { getInputTemplate } from '@sluice/contracts/pipeline-inputs'
import * as contract from '@sluice/contracts/pipelines'
import { parsePipelineYaml, pipelineInputs, pipelineInputTemplate, pipelineJsonSchema } from '@sluice/pipeline'
import { registerRoute } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { projectScope } from '../project-scope.ts'
import { deletePipeline } from './delete-pipeline.ts'
import { findPipeline } from './find-pipeline.ts'
import { listPipelines } from './list-pipelines.ts'
import { toPipelineDetail } from './pipeline-mapper.ts'
import { createPipeline, requireValid, updatePipeline } from './save-pipeline.ts'

/** The version in an `If-Match` header; undefined where there is none. */
function ifMatch(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const version = Number(header.replaceAll('"', ''))
  if (Number.isInteger(version) && version > 0) return version
  throw new AppError('INVALID_REQUEST', `If-Match must hold the version you read, not "${header}".`)
}

export function registerPipelineRoutes(app: FastifyInstance, deps: Deps): void {
  const common = {
    service: 'pipeline-service',
    verifier: deps.verifier,
    access: deps.access,
    logger: deps.logger,
  } as const

  registerRoute(app, contract.createPipeline, {
    ...common,
    handler: ({ actor, query, body }) => createPipeline(deps, actor, { scope: projectScope(actor, query), yaml: body }),
  })
  registerRoute(app, contract.updatePipeline, {
    ...common,
    handler: ({ actor, params, query, body, request }) =>
      updatePipeline(deps, actor, {
        scope: projectScope(actor, query),
        identifier: params.identifier,
        yaml: body,
        version: ifMatch(request.headers['if-match']),
      }),
  })
  registerRoute(app, contract.getPipeline, {
    ...common,
    handler: async ({ actor, params, query }) =>
      toPipelineDetail(await findPipeline(deps, projectScope(actor, query), params.identifier)),
  })
  registerRoute(app, contract.deletePipeline, {
    ...common,
    handler: async ({ actor, params, query }) => {
      await deletePipeline(deps, actor, projectScope(actor, query), params.identifier)
      return true
    },
  })
  registerRoute(app, contract.listPipelines, {
    ...common,
    handler: ({ actor, query }) => listPipelines(deps, { scope: projectScope(actor, query), ...query }),
  })
  registerRoute(app, contract.validatePipeline, {
    ...common,
    handler: ({ body }) => {
      const parsed = parsePipelineYaml(body)
      return parsed.ok ? { valid: true, problems: [] } : { valid: false, problems: [...parsed.problems] }
    },
  })
  registerRoute(app, getInputTemplate, {
    ...common,
    handler: async ({ actor, query }) => {
      const { yaml } = await findPipeline(deps, projectScope(actor, query), query.pipelineIdentifier)
      const { pipeline } = requireValid(parsePipelineYaml(yaml))
      return { inputSetTemplateYaml: pipelineInputTemplate(pipeline), inputs: pipelineInputs(pipeline) }
    },
  })
  registerRoute(app, contract.getPipelineSchema, { ...common, handler: () => pipelineJsonSchema() })
}
