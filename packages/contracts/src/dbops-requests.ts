import { z } from 'zod'
import { InstanceParams } from './dbops-instances.ts'
import { SchemaParams } from './dbops-schemas.ts'
import { ChangesetCounts } from './dbops-state.ts'
import { EpochMs, Identifier } from './ids.ts'
import { defineRoute } from './routes.ts'
import { BaselineEnd, ConnectionPhase } from './tasks.ts'

/** Base of the routes that ng-manager answers itself: it submits what has no pipeline run. */
const PROJECT = '/ng-manager/dbops/v1/orgs/:org/projects/:project'

/** What can be asked of a database without a pipeline run. */
export const DatabaseRequestKind = z.enum(['refresh', 'baseline'])
export type DatabaseRequestKind = z.infer<typeof DatabaseRequestKind>

export const RequestStatus = z.enum(['RUNNING', 'SUCCESS', 'FAILURE'])
export type RequestStatus = z.infer<typeof RequestStatus>

/** Why a request failed; the sentence says what to do next. */
export const RequestError = z.object({ code: z.string(), message: z.string() })
export type RequestError = z.infer<typeof RequestError>

export const DatabaseRequest = z
  .object({
    requestId: z.string(),
    kind: DatabaseRequestKind,
    dbSchema: Identifier,
    dbInstance: Identifier,
    /** RUNNING: no result within the time asked for; ask again with the id. */
    status: RequestStatus,
    startedAt: EpochMs,
    finishedAt: EpochMs.optional(),
    delegateName: z.string().optional(),
    waitingFor: z.string().optional().describe('while it runs: why no delegate has taken it yet'),
    phases: z.array(ConnectionPhase),
    commit: z.string().optional().describe('at which the changelog was read'),
    counts: ChangesetCounts.optional(),
    hasHistory: z.boolean().optional().describe('false: the database has no history table, so a baseline makes sense'),
    baselineCount: z
      .number()
      .int()
      .optional()
      .describe('changesets without a row in the history: what a baseline would mark, its `expectedCount`'),
    markedCount: z.number().int().optional().describe('baseline: changesets that are marked as deployed now'),
    error: RequestError.optional(),
  })
  .meta({ id: 'DatabaseRequest' })
export type DatabaseRequest = z.infer<typeof DatabaseRequest>

const seconds = (preset: number) => z.coerce.number().int().min(0).max(30).default(preset)

/** How long a route waits for the result before it answers RUNNING. */
const StartQuery = z.object({ waitSeconds: seconds(0) })
export const RequestWaitQuery = z.object({ waitSeconds: seconds(25) })

const common = { service: 'ng-manager', tag: 'Migration state', auth: 'permission', family: 'bare' } as const
const RESOLVING_ERRORS = [
  'FEATURE_DISABLED',
  'ENTITY_NOT_FOUND',
  'REFERENCE_NOT_FOUND',
  'CONNECTOR_TYPE_MISMATCH',
  'GIT_REF_NOT_FOUND',
  'ACCESS_DENIED',
] as const

/**
 * Whoever asks makes a delegate open the database's connector: looking at what is known takes less.
 * A refresh of an instance that still runs is answered again: nobody needs two at once.
 */
export const refreshInstance = defineRoute({
  ...common,
  method: 'POST',
  path: `${PROJECT}/dbschema/:schema/instance/:instance/refresh`,
  operationId: 'refreshInstance',
  summary: "Read the state of an instance from its database's own history, without a pipeline",
  permission: 'core_connector_access',
  params: InstanceParams,
  query: StartQuery,
  response: DatabaseRequest,
  errors: RESOLVING_ERRORS,
})

/** Instances that can't be asked (a connector is missing, say) are answered as requests that failed. */
export const refreshSchema = defineRoute({
  ...common,
  method: 'POST',
  path: `${PROJECT}/dbschema/:schema/refresh`,
  operationId: 'refreshSchema',
  summary: 'Refresh all instances of a schema, or those named',
  permission: 'core_connector_access',
  params: SchemaParams,
  body: z.object({ instances: z.array(Identifier).max(100).default([]) }).default({ instances: [] }),
  response: z.object({ requests: z.array(DatabaseRequest) }),
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND', 'ACCESS_DENIED'],
})

export const getDatabaseRequest = defineRoute({
  ...common,
  method: 'GET',
  path: `${PROJECT}/dbschema/:schema/requests/:requestId`,
  operationId: 'getDatabaseRequest',
  summary: 'Wait for the result of a refresh or baseline',
  permission: 'dbops_instance_view',
  params: SchemaParams.extend({ requestId: z.string().max(64) }),
  query: RequestWaitQuery,
  response: DatabaseRequest,
  errors: ['ENTITY_NOT_FOUND'],
})

export const baselineInstance = defineRoute({
  ...common,
  method: 'POST',
  path: `${PROJECT}/dbschema/:schema/instance/:instance/baseline`,
  operationId: 'baselineInstance',
  summary: 'Mark pending changesets as deployed without running them',
  permission: 'dbops_instance_edit',
  params: InstanceParams,
  query: StartQuery,
  body: z.object({
    expectedCount: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .describe('how many changesets the caller has seen that this will mark; another number marks none'),
    upTo: BaselineEnd.optional(),
  }),
  response: DatabaseRequest,
  errors: RESOLVING_ERRORS,
})
