import { z } from 'zod'
import { Principal } from './access.ts'
import { Problem } from './errors.ts'
import { ExecutionDetail, ExecutionStatus, NodeExecutionStatus } from './execution-graph.ts'
import { EpochMs, idSchema, Identifier } from './ids.ts'
import { defineRoute, PageQuery, pageOf, ProjectQuery } from './routes.ts'

/** Runs of a pipeline that a list of pipelines shows. */
export const RECENT_EXECUTIONS_MAX = 10

/** A pipeline's YAML; larger ones are refused. */
export const PIPELINE_YAML_MAX = 1_000_000
const YamlBody = z.string().min(1, 'must hold the YAML').max(PIPELINE_YAML_MAX)
const PipelineParams = z.object({ identifier: Identifier })
const ExecutionParams = z.object({ executionId: idSchema('pex') })

/** A run as a list of pipelines shows it. */
export const RecentExecution = z
  .object({
    executionId: z.string(),
    status: ExecutionStatus,
    startTs: EpochMs,
    endTs: EpochMs.optional(),
    runSequence: z.number().int(),
    triggeredBy: Principal,
  })
  .meta({ id: 'RecentExecution' })
export type RecentExecution = z.infer<typeof RecentExecution>

export const PipelineSummary = z
  .object({
    identifier: Identifier,
    name: z.string(),
    description: z.string().optional(),
    tags: z.record(z.string(), z.string()),
    orgIdentifier: z.string(),
    projectIdentifier: z.string(),
    version: z.number().int(),
    createdAt: EpochMs,
    lastUpdatedAt: EpochMs,
    lastExecution: z.object({ executionId: z.string(), status: ExecutionStatus, startedAt: EpochMs }).optional(),
    /** The last runs, newest first; filled in lists only. */
    recentExecutions: z.array(RecentExecution).max(RECENT_EXECUTIONS_MAX).optional(),
  })
  .meta({ id: 'PipelineSummary' })
export type PipelineSummary = z.infer<typeof PipelineSummary>

export const PipelineDetail = PipelineSummary.extend({ yamlPipeline: z.string() }).meta({ id: 'Pipeline' })
export type PipelineDetail = z.infer<typeof PipelineDetail>

const Saved = z.object({ identifier: Identifier, version: z.number().int() })

export const createPipeline = defineRoute({
  service: 'pipeline-service',
  method: 'POST',
  path: '/pipeline-service/api/pipelines/v2',
  operationId: 'createPipeline',
  summary: 'Create a pipeline from YAML',
  tag: 'Pipelines',
  auth: 'permission',
  permission: 'core_pipeline_edit',
  query: ProjectQuery,
  body: YamlBody,
  bodyType: 'application/yaml',
  status: 201,
  response: Saved,
  family: 'ng',
  errors: ['PIPELINE_INVALID_YAML', 'DUPLICATE_IDENTIFIER'],
})

export const updatePipeline = defineRoute({
  service: 'pipeline-service',
  method: 'PUT',
  path: '/pipeline-service/api/pipelines/v2/:identifier',
  operationId: 'updatePipeline',
  summary: 'Replace a pipeline’s YAML (If-Match: the version you read)',
  tag: 'Pipelines',
  auth: 'permission',
  permission: 'core_pipeline_edit',
  params: PipelineParams,
  query: ProjectQuery,
  body: YamlBody,
  bodyType: 'application/yaml',
  response: Saved,
  family: 'ng',
  errors: ['PIPELINE_INVALID_YAML', 'ENTITY_NOT_FOUND', 'VERSION_CONFLICT'],
})

export const getPipeline = defineRoute({
  service: 'pipeline-service',
  method: 'GET',
  path: '/pipeline-service/api/pipelines/:identifier',
  operationId: 'getPipeline',
  summary: 'Read a pipeline with its YAML',
  tag: 'Pipelines',
  auth: 'permission',
  permission: 'core_pipeline_view',
  params: PipelineParams,
  query: ProjectQuery,
  response: PipelineDetail,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND'],
})

export const deletePipeline = defineRoute({
  service: 'pipeline-service',
  method: 'DELETE',
  path: '/pipeline-service/api/pipelines/:identifier',
  operationId: 'deletePipeline',
  summary: 'Delete a pipeline; its executions stay',
  tag: 'Pipelines',
  auth: 'permission',
  permission: 'core_pipeline_delete',
  params: PipelineParams,
  query: ProjectQuery,
  response: z.boolean(),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'INVALID_STATE'],
})

export const listPipelines = defineRoute({
  service: 'pipeline-service',
  method: 'POST',
  path: '/pipeline-service/api/pipelines/list',
  operationId: 'listPipelines',
  summary: 'List pipelines, newest change first',
  tag: 'Pipelines',
  auth: 'permission',
  permission: 'core_pipeline_view',
  query: ProjectQuery.extend(PageQuery.shape).extend({ searchTerm: z.string().max(128).optional() }),
  response: pageOf(PipelineSummary),
  family: 'ng',
  errors: [],
})

export const validatePipeline = defineRoute({
  service: 'pipeline-service',
  method: 'POST',
  path: '/pipeline-service/api/pipelines/validate-yaml-with-schema',
  operationId: 'validatePipeline',
  summary: 'Check a pipeline’s YAML; every problem has line and column',
  tag: 'Pipelines',
  auth: 'permission',
  permission: 'core_pipeline_view',
  query: ProjectQuery,
  body: YamlBody,
  bodyType: 'application/yaml',
  response: z.object({ valid: z.boolean(), problems: z.array(Problem) }),
  family: 'ng',
  errors: [],
})

export const getPipelineSchema = defineRoute({
  service: 'pipeline-service',
  method: 'GET',
  path: '/pipeline-service/api/schema/pipeline.json',
  operationId: 'getPipelineSchema',
  summary: 'JSON Schema of the pipeline YAML, for editors',
  tag: 'Pipelines',
  auth: 'principal',
  response: z.record(z.string(), z.unknown()),
  family: 'bare',
  errors: [],
})

export const ExecutionSummary = z
  .object({
    planExecutionId: z.string(),
    pipelineIdentifier: z.string(),
    name: z.string(),
    runSequence: z.number().int(),
    status: ExecutionStatus,
    startTs: EpochMs,
    endTs: EpochMs.optional(),
    executionTriggerInfo: z.object({ triggerType: z.string(), triggeredBy: Principal }),
    failureInfo: z.object({ message: z.string() }).optional(),
  })
  .meta({ id: 'ExecutionSummary' })
export type ExecutionSummary = z.infer<typeof ExecutionSummary>

const Started = z.object({
  planExecution: z.object({
    uuid: z.string(),
    status: NodeExecutionStatus,
    startTs: EpochMs,
    runSequence: z.number().int(),
  }),
})

export const executePipeline = defineRoute({
  service: 'pipeline-service',
  method: 'POST',
  path: '/pipeline-service/api/pipeline/execute/:identifier',
  operationId: 'executePipeline',
  summary: 'Run a pipeline (body: YAML of run-time inputs, if it has any)',
  tag: 'Executions',
  auth: 'permission',
  permission: 'core_pipeline_execute',
  params: PipelineParams,
  query: ProjectQuery,
  body: z.string().max(PIPELINE_YAML_MAX).optional(),
  bodyType: 'application/yaml',
  response: Started,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'PIPELINE_INVALID_YAML', 'FEATURE_DISABLED'],
})

export const rerunPipeline = defineRoute({
  service: 'pipeline-service',
  method: 'POST',
  path: '/pipeline-service/api/pipeline/execute/rerun/:executionId/:identifier',
  operationId: 'rerunPipeline',
  summary: 'Run a pipeline again with the inputs of an earlier execution',
  tag: 'Executions',
  auth: 'permission',
  permission: 'core_pipeline_execute',
  params: PipelineParams.extend(ExecutionParams.shape),
  query: ProjectQuery,
  response: Started,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'PIPELINE_INVALID_YAML', 'FEATURE_DISABLED'],
})

export const interruptExecution = defineRoute({
  service: 'pipeline-service',
  method: 'PUT',
  path: '/pipeline-service/api/pipeline/execute/interrupt/:executionId',
  operationId: 'interruptExecution',
  summary: 'Abort a running execution; the running statement is cancelled on the server and waited for',
  tag: 'Executions',
  auth: 'permission',
  permission: 'core_pipeline_execute',
  params: ExecutionParams,
  query: ProjectQuery.extend({ interruptType: z.enum(['AbortAll', 'Abort']) }),
  response: z.object({ planExecutionId: z.string(), type: z.string() }),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'INVALID_STATE'],
})

/** Repeated (`statuses=Failed&statuses=Aborted`) or with commas. */
const Statuses = z
  .union([z.string().max(512), z.array(z.string().max(512)).max(32)])
  .transform((given) => [given].flat().flatMap((text) => text.split(',').filter((status) => status !== '')))
  .pipe(z.array(ExecutionStatus))
const SinceQuery = z.coerce.number().int().min(0).max(8_640_000_000_000_000)

export const listExecutions = defineRoute({
  service: 'pipeline-service',
  method: 'POST',
  path: '/pipeline-service/api/pipelines/execution/summary',
  operationId: 'listExecutions',
  summary: 'List executions, newest first',
  tag: 'Executions',
  auth: 'permission',
  permission: 'core_pipeline_view',
  query: ProjectQuery.extend(PageQuery.shape).extend({
    pipelineIdentifier: Identifier.optional(),
    status: z.string().max(32).optional().meta({ description: 'one status; `statuses` takes several' }),
    statuses: Statuses.optional().meta({ description: 'statuses, repeated or with commas between' }),
    searchTerm: z
      .string()
      .trim()
      .max(128)
      .optional()
      .meta({ description: 'part of the pipeline’s name or identifier, a run’s number, or an execution’s id' }),
    startedAfter: SinceQuery.optional().meta({ description: 'epoch ms, this moment included' }),
    startedBefore: SinceQuery.optional().meta({ description: 'epoch ms, this moment not included' }),
    triggeredBy: z.enum(['mine']).optional().meta({ description: '`mine`: only what the caller started' }),
  }),
  response: pageOf(ExecutionSummary),
  family: 'ng',
  errors: [],
})

export const getExecution = defineRoute({
  service: 'pipeline-service',
  method: 'GET',
  path: '/pipeline-service/api/pipelines/execution/v2/:executionId',
  operationId: 'getExecution',
  summary: 'Read an execution: its summary and its graph',
  tag: 'Executions',
  auth: 'permission',
  permission: 'core_pipeline_view',
  params: ExecutionParams,
  query: ProjectQuery.extend({ stageNodeId: z.string().max(256).optional() }),
  response: ExecutionDetail,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND'],
})

/** Server-sent events: `event: execution` with the data of getExecution at every change, `event: end` when it is final. */
export const followExecution = defineRoute({
  service: 'pipeline-service',
  method: 'GET',
  path: '/pipeline-service/api/pipelines/execution/:executionId/events',
  operationId: 'followExecution',
  summary: 'Follow an execution live (server-sent events)',
  tag: 'Executions',
  auth: 'permission',
  permission: 'core_pipeline_view',
  params: ExecutionParams,
  query: ProjectQuery,
  responseType: 'sse',
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND'],
})

/**
 * Server-sent events of a project: `event: execution` with an ExecutionSummary at each change of any execution from now
 * on, `event: reset` where changes may have been missed (read the lists again), and on each connection nothing at first.
 */
export const followExecutions = defineRoute({
  service: 'pipeline-service',
  method: 'GET',
  path: '/pipeline-service/api/pipelines/execution/events',
  operationId: 'followExecutions',
  summary: 'Follow all executions of a project live (server-sent events)',
  tag: 'Executions',
  auth: 'permission',
  permission: 'core_pipeline_view',
  query: ProjectQuery.extend({ pipelineIdentifier: Identifier.optional() }),
  responseType: 'sse',
  family: 'ng',
  errors: [],
})
