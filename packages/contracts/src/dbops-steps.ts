import { z } from 'zod'
import { DbInstanceOut } from './dbops-instances.ts'
import { DBOPS_PROJECT, DbSchemaOut, ProjectParams } from './dbops-schemas.ts'
import { Failure } from './errors.ts'
import { Identifier } from './ids.ts'
import { defineRoute } from './routes.ts'
import { DATABASE_STEP_TYPES } from './steps.ts'
import { ChangesetReport, TaskOutputRef } from './tasks.ts'

/** Everything a step needs of a schema and an instance, in one answer. Internal: ng-manager asks, on behalf of the runner. */
export const StepInputs = z.object({
  schemaId: z.string().max(64),
  instanceId: z.string().max(64),
  schema: DbSchemaOut,
  instance: DbInstanceOut,
  /** The newest plan previewed for this instance in the execution asked for. */
  preview: z
    .object({ hash: z.string().max(128), commit: z.string().optional(), attemptId: z.string().max(128) })
    .optional(),
})
export type StepInputs = z.infer<typeof StepInputs>

export const getStepInputs = defineRoute({
  service: 'dbdevops-service',
  method: 'GET',
  path: `${DBOPS_PROJECT}/step-inputs`,
  operationId: 'getStepInputs',
  summary: 'Read the schema and the instance that a step names',
  tag: 'Steps (internal)',
  auth: 'peer',
  params: ProjectParams,
  query: z.object({
    dbSchema: z.string().min(1).max(260),
    dbInstance: z.string().min(1).max(128),
    executionId: z.string().max(64).optional(),
  }),
  response: StepInputs,
  family: 'bare',
  errors: ['REFERENCE_NOT_FOUND', 'ACCESS_DENIED'],
})

/** Longest base64 text of one piece of a document: four thirds of 512 KiB, well below a body's limit. */
export const DOCUMENT_PIECE_MAX = 699_052
/** A document larger than this after unpacking is refused. */
export const DOCUMENT_MAX_BYTES = 64 * 1024 * 1024

const DocumentName = TaskOutputRef.shape.name
export type DocumentName = z.infer<typeof DocumentName>
/** gzip, base64. */
const DocumentPiece = z.base64().max(DOCUMENT_PIECE_MAX)

/** A document of a report (plan: the engine's plan; changesets: array of ChangesetReport), JSON, gzip. */
export const ReportedDocument = z.object({
  name: DocumentName,
  /** Of the JSON text, unpacked. */
  sha256: z.string().length(64),
  /** The whole document; absent: it was put in this many pieces before. */
  content: DocumentPiece.optional(),
  pieces: z.number().int().min(1).max(256).optional(),
})
export type ReportedDocument = z.infer<typeof ReportedDocument>

/** What was done: `preview` and `status` read the database, `apply` changed it, `baseline` its history only. */
export const ReportUnit = z.enum(['preview', 'apply', 'status', 'baseline'])
export type ReportUnit = z.infer<typeof ReportUnit>

/** A step's type, or a request without a pipeline run. */
export const ReportedBy = z.enum([...DATABASE_STEP_TYPES, 'Refresh', 'Baseline'])
export type ReportedBy = z.infer<typeof ReportedBy>

export const StepReport = z.object({
  attemptId: z.string().max(128),
  unit: ReportUnit,
  org: Identifier,
  project: Identifier,
  schemaId: z.string().max(64),
  instanceId: z.string().max(64),
  /** These are empty for a request without a pipeline run. */
  stepIdentifier: z.string().max(128),
  stepType: ReportedBy,
  pipelineIdentifier: z.string().max(128),
  executionId: z.string().max(64),
  nodeExecutionId: z.string().max(64),
  attempt: z.number().int().min(1),
  commit: z.string().max(64).optional(),
  planHash: z.string().max(128).optional(),
  /** Tag that the step put on the history. */
  tag: z.string().max(255).optional(),
  outcome: z.enum(['succeeded', 'failed']),
  failure: Failure.optional(),
  /** Few changesets travel here, many as the document `changesets`. In the order of the changelog. */
  changesets: z.array(ChangesetReport).max(200).default([]),
  documents: z.array(ReportedDocument).max(3).default([]),
  /** Epoch ms. */
  finishedAt: z.number().int(),
})
export type StepReport = z.infer<typeof StepReport>

/** Puts one piece of a document that is too large for the report itself. The same piece again changes nothing. */
export const putReportPiece = defineRoute({
  service: 'dbdevops-service',
  method: 'PUT',
  path: '/dbdevops/v1/step-reports/:attemptId/documents/:name/:index',
  operationId: 'putReportPiece',
  summary: 'Put a piece of a document of a step report',
  tag: 'Steps (internal)',
  auth: 'peer',
  params: z.object({
    attemptId: z.string().max(128),
    name: DocumentName,
    index: z.coerce.number().int().min(0).max(255),
  }),
  body: z.object({ content: DocumentPiece }),
  status: 204,
  family: 'bare',
  errors: ['INVALID_REQUEST'],
})

/** Stores what a step saw and did. Idempotent by (attempt, unit, changeset). */
export const postStepReport = defineRoute({
  service: 'dbdevops-service',
  method: 'POST',
  path: '/dbdevops/v1/step-reports',
  operationId: 'postStepReport',
  summary: 'Report a finished step attempt',
  tag: 'Steps (internal)',
  auth: 'peer',
  body: StepReport,
  response: z.object({ disposition: z.enum(['stored', 'duplicate']) }),
  family: 'bare',
  errors: ['ENTITY_NOT_FOUND', 'INVALID_REQUEST'],
})
