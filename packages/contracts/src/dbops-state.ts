import { z } from 'zod'
import { InstanceParams } from './dbops-instances.ts'
import { DBOPS_PROJECT, SchemaParams, SortOrder } from './dbops-schemas.ts'
import { EpochMs, Identifier } from './ids.ts'
import { defineRoute, LimitQuery } from './routes.ts'
import { ChangesetReport, ChangesetText } from './tasks.ts'

/** Published states of a changeset. */
export const PublishedChangesetStatus = z.enum([
  'Successfully_Deployed',
  'Not_Deployed',
  'Deployment_Failed',
  'Rolled_Back',
])
export type PublishedChangesetStatus = z.infer<typeof PublishedChangesetStatus>

/** State of a changeset in one database, finer than the published one. */
export const ChangesetState = ChangesetReport.shape.status
export type ChangesetState = z.infer<typeof ChangesetState>

/**
 * Where a cell's knowledge comes from: the database's own history table, what our run did just then, or the
 * changelog alone (the history holds no row).
 */
export const ChangesetSource = z.enum(['history', 'run', 'changelog'])
export type ChangesetSource = z.infer<typeof ChangesetSource>

/** What told us of a cell: a step of a pipeline, or a request without one. */
export const SeenBy = z.enum(['preview', 'apply', 'refresh', 'baseline'])
export type SeenBy = z.infer<typeof SeenBy>

/** Changesets of one database by state. */
export const ChangesetCounts = z
  .object({
    total: z.number().int(),
    deployed: z.number().int(),
    pending: z.number().int(),
    changed: z.number().int(),
    failed: z.number().int(),
    unknown: z.number().int().describe('in the history, but not in the changelog'),
    skipped: z.number().int(),
    rolledBack: z.number().int(),
  })
  .meta({ id: 'ChangesetCounts' })
export type ChangesetCounts = z.infer<typeof ChangesetCounts>

export const InstanceOverview = z
  .object({
    instance: Identifier,
    name: z.string(),
    counts: ChangesetCounts,
    lastRefreshedAt: EpochMs.optional().describe('absent: nobody has looked at the database yet'),
    lastFailure: z
      .object({ code: z.string(), message: z.string(), at: EpochMs })
      .optional()
      .describe('of the last look at the database; absent where it succeeded'),
    commit: z.string().optional().describe('of the changelog that was compared last'),
  })
  .meta({ id: 'InstanceOverview' })
export type InstanceOverview = z.infer<typeof InstanceOverview>

export const MatrixCell = z
  .object({
    instance: Identifier,
    status: PublishedChangesetStatus,
    state: ChangesetState,
    /** When the database ran it, else when we looked. */
    updated: EpochMs,
    error: z.string().optional(),
    tag: z.string().optional(),
    checksum: z.string().optional().describe('of the changelog'),
    storedChecksum: z.string().optional().describe("of the database's history"),
    orderExecuted: z.number().int().optional(),
    provenance: z.object({
      source: ChangesetSource,
      seenBy: SeenBy,
      pipeline: z.string().describe('empty for a refresh or baseline'),
      planExecutionId: z.string().describe('empty for a refresh or baseline'),
      attemptId: z.string(),
      seenAt: EpochMs,
    }),
  })
  .meta({ id: 'MigrationStateCell' })

export const MatrixRow = z
  .object({
    changeSet: z.string(),
    author: z.string(),
    fileName: z.string(),
    synced: z.boolean().describe('the same state on all instances'),
    updated: EpochMs,
    instances: z.array(MatrixCell),
  })
  .meta({ id: 'MigrationStateChangeSet' })

export const MigrationState = z
  .object({
    schema: Identifier,
    changeSets: z.array(MatrixRow),
    instances: z.array(z.object({ identifier: Identifier, name: z.string() })),
    overview: z.array(InstanceOverview).describe('of all changesets, whatever the filter'),
  })
  .meta({ id: 'MigrationState' })
export type MigrationState = z.infer<typeof MigrationState>

export const DeployedStateRow = z
  .object({
    changeSetId: z.string(),
    author: z.string(),
    fileName: z.string(),
    command: z.string(),
    status: PublishedChangesetStatus,
    state: ChangesetState,
    deployedAt: EpochMs.optional(),
    tag: z.string().optional(),
    error: z.string().optional(),
    metadata: z.object({ pipeline: z.string(), planExecutionId: z.string(), stageExecutionId: z.string().optional() }),
    deployedInCurrentExecution: z.boolean(),
  })
  .meta({ id: 'DeployedState' })

/** A plan as people read it in a list. */
export const PlanSummary = z
  .object({
    hash: z.string(),
    commit: z.string().optional(),
    changelogPath: z.string().optional(),
    dbSchema: Identifier,
    dbInstance: Identifier,
    pipeline: z.string(),
    planExecutionId: z.string(),
    attemptId: z.string(),
    changeSetCount: z.number().int(),
    statementCount: z.number().int(),
    created: EpochMs,
  })
  .meta({ id: 'PlanSummary' })

/** The engine's plan as far as the control plane reads it; statements hold placeholders, never secrets. */
export const PlanDocument = z
  .looseObject({
    version: z.literal(1),
    hash: z.string().min(1).max(128),
    changelog: z.looseObject({ path: z.string(), commit: z.string().nullable() }),
    steps: z.array(
      z.looseObject({
        changeSet: z.object({ id: z.string(), author: z.string(), filePath: z.string() }),
        statements: z.array(z.looseObject({ sql: z.string() })),
      }),
    ),
  })
  .meta({ id: 'PlanDocument' })
export type PlanDocument = z.infer<typeof PlanDocument>

export const PlanOut = PlanSummary.extend({ plan: PlanDocument }).meta({ id: 'Plan' })

const common = { service: 'dbdevops-service', tag: 'Migration state', auth: 'permission', family: 'bare' } as const

export const getMigrationState = defineRoute({
  ...common,
  method: 'POST',
  path: `${DBOPS_PROJECT}/dbschema/:schema/migrationstate`,
  operationId: 'getMigrationState',
  summary: "Changesets × instances, from each database's own history",
  permission: 'dbops_instance_view',
  params: SchemaParams,
  query: LimitQuery.extend({ order: SortOrder.default('ASC') }),
  body: z.object({
    instanceFilter: z
      .object({
        instances: z.array(Identifier).max(100).default([]),
        sort: z.enum(['name', 'updated', 'created', 'identifier']).default('created'),
        order: SortOrder.default('ASC'),
      })
      .default({ instances: [], sort: 'created', order: 'ASC' }),
    changeSetFilter: z
      .object({
        states: z
          .array(ChangesetState)
          .max(8)
          .default([])
          .describe('changesets that are in one of these states on any of the instances; none: all'),
        searchTerm: z.string().max(255).default('').describe('part of id, author or file, whatever its case'),
        changeset: z
          .object({
            fileName: z.string().min(1).max(1024),
            author: z.string().min(1).max(255),
            id: z.string().min(1).max(255),
          })
          .optional()
          .describe('only this changeset'),
      })
      .default({ states: [], searchTerm: '' }),
  }),
  response: MigrationState,
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND'],
})

export const ChangesetDetail = z
  .object({
    ...ChangesetText.omit({ path: true }).shape,
    fileName: z.string(),
    instance: Identifier.describe('whose SQL this is: properties may differ'),
    state: ChangesetState,
    storedChecksum: z.string().optional().describe("what the database's history holds"),
    tag: z.string().optional(),
    error: z.string().optional(),
    deployedAt: EpochMs.optional(),
    commit: z.string().optional(),
    seenAt: EpochMs,
  })
  .meta({ id: 'ChangesetDetail' })
export type ChangesetDetail = z.infer<typeof ChangesetDetail>

export const getChangeset = defineRoute({
  ...common,
  method: 'GET',
  path: `${DBOPS_PROJECT}/dbschema/:schema/changeset`,
  operationId: 'getChangeset',
  summary: 'Read what a changeset does: its SQL, as an instance gets it',
  permission: 'dbops_instance_view',
  params: SchemaParams,
  query: z.object({
    fileName: z.string().min(1).max(1024),
    author: z.string().min(1).max(255),
    id: z.string().min(1).max(255),
    instance: Identifier.optional().describe('absent: the instance that was looked at last'),
  }),
  response: ChangesetDetail,
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND'],
})

export const getDeployedState = defineRoute({
  ...common,
  method: 'POST',
  path: `${DBOPS_PROJECT}/dbschema/:schema/instance/:instance/deployedState`,
  operationId: 'getDeployedState',
  summary: 'State of all changesets of an instance, seen from one execution',
  permission: 'dbops_instance_view',
  params: InstanceParams,
  query: z.object({
    page: z.coerce.number().int().min(0).max(100_000).default(0),
    limit: z.coerce.number().int().min(1).max(1000).default(1000),
  }),
  body: z.object({
    pipeline: z.string().max(128).optional(),
    planExecutionId: z.string().max(64),
    stageExecutionId: z.string().max(64).optional(),
    stepType: z.string().max(64).optional(),
    startTime: EpochMs.optional(),
  }),
  response: z.array(DeployedStateRow),
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND'],
})

export const listPlans = defineRoute({
  ...common,
  method: 'GET',
  path: `${DBOPS_PROJECT}/dbschema/:schema/instance/:instance/plans`,
  operationId: 'listPlans',
  summary: 'List the previewed plans of an instance, newest first',
  permission: 'dbops_instance_view',
  params: InstanceParams,
  query: LimitQuery.extend({ planExecutionId: z.string().max(64).optional() }),
  response: z.array(PlanSummary),
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND'],
})

export const getPlan = defineRoute({
  ...common,
  method: 'GET',
  path: `${DBOPS_PROJECT}/dbschema/:schema/instance/:instance/plans/:hash`,
  operationId: 'getPlan',
  summary: 'Read a plan with its statements (the newest with this hash)',
  permission: 'dbops_instance_view',
  params: InstanceParams.extend({ hash: z.string().min(1).max(128) }),
  response: PlanOut,
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND'],
})
