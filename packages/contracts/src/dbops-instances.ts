import { z } from 'zod'
import { DBOPS_PROJECT, EntityListQuery, SchemaParams } from './dbops-schemas.ts'
import { EntityName, EpochMs, Identifier, Reference, Tags } from './ids.ts'
import { defineRoute } from './routes.ts'

export const InstanceParams = SchemaParams.extend({ instance: Identifier })

const GitName = z.string().min(1).max(255)
const fields = {
  identifier: Identifier,
  name: EntityName,
  tags: Tags,
  connector: Reference.describe('JDBC connector: id, org.id or account.id'),
  branch: GitName,
  gitTag: GitName,
  commitSha: z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'must be a whole commit hash, 40 (or 64) hex digits'),
  context: z.string().max(1024).describe('context expression; absent: every changeset runs'),
  labels: z.string().max(1024).describe('label expression'),
  substituteProperties: z
    .record(z.string().min(1).max(128), z.string().max(4096))
    .refine((properties) => Object.keys(properties).length <= 128, { message: 'at most 128 properties' }),
  database: z.string().min(1).max(256).describe("overrides the database of the connector's URL"),
  schema: z.string().min(1).max(256).describe('default schema (search_path)'),
}

export const DbInstanceIn = z
  .object({
    ...fields,
    tags: Tags.default({}),
    branch: GitName.optional(),
    gitTag: GitName.optional(),
    commitSha: fields.commitSha.optional(),
    context: fields.context.optional(),
    labels: fields.labels.optional(),
    substituteProperties: fields.substituteProperties.default({}),
    database: fields.database.optional(),
    schema: fields.schema.optional(),
  })
  .meta({ id: 'DbInstanceIn' })
export type DbInstanceIn = z.infer<typeof DbInstanceIn>

/**
 * Partial: what is absent stays. Naming one of `branch`, `gitTag`, `commitSha` takes the place of the others;
 * null takes an optional field away.
 */
export const DbInstanceUpdate = z
  .object({
    identifier: Identifier,
    name: EntityName,
    tags: Tags,
    connector: fields.connector,
    branch: GitName.nullable(),
    gitTag: GitName.nullable(),
    commitSha: fields.commitSha.nullable(),
    context: fields.context.nullable(),
    labels: fields.labels.nullable(),
    substituteProperties: fields.substituteProperties,
    database: fields.database.nullable(),
    schema: fields.schema.nullable(),
    /** Version the caller has read; another one answers VERSION_CONFLICT. */
    version: z.number().int().min(1),
  })
  .partial()
  .meta({ id: 'DbInstanceUpdate' })
export type DbInstanceUpdate = z.infer<typeof DbInstanceUpdate>

export const DbInstanceOut = z
  .object({
    identifier: Identifier,
    name: z.string(),
    tags: z.record(z.string(), z.string()),
    connector: z.string(),
    branch: z.string().optional(),
    gitTag: z.string().optional(),
    commitSha: z.string().optional(),
    context: z.string().optional(),
    labels: z.string().optional(),
    substituteProperties: z.record(z.string(), z.string()),
    database: z.string().optional(),
    schema: z.string().optional(),
    created: EpochMs,
    updated: EpochMs,
    version: z.number().int(),
    lastAppliedTag: z.string().optional(),
    lastDeployedChangeSetTag: z.string().optional(),
    toOnboard: z.boolean().describe('true until a step has looked at the database for the first time'),
  })
  .meta({ id: 'DbInstance' })
export type DbInstanceOut = z.infer<typeof DbInstanceOut>

export const DbInstanceFilter = z.object({
  filterType: z.enum(['Equals', 'NotEquals']).default('Equals'),
  instanceTags: z
    .array(z.object({ key: z.string().min(1).max(128), value: z.string().max(128) }))
    .max(20)
    .default([]),
})

const common = { service: 'dbdevops-service', tag: 'DB instances', auth: 'permission', family: 'bare' } as const

export const createDbInstance = defineRoute({
  ...common,
  method: 'POST',
  path: `${DBOPS_PROJECT}/dbschema/:schema/instance`,
  operationId: 'createDbInstance',
  summary: 'Create a DB instance of a schema',
  permission: 'dbops_instance_edit',
  params: SchemaParams,
  body: DbInstanceIn,
  status: 201,
  response: DbInstanceOut,
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND', 'DUPLICATE_IDENTIFIER'],
})

export const listDbInstances = defineRoute({
  ...common,
  method: 'POST',
  path: `${DBOPS_PROJECT}/dbschema/:schema/instancelist`,
  operationId: 'listDbInstances',
  summary: 'List the DB instances of a schema, all or by tags',
  permission: 'dbops_instance_view',
  params: SchemaParams,
  query: EntityListQuery,
  body: DbInstanceFilter,
  response: z.array(DbInstanceOut),
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND'],
})

export const getDbInstance = defineRoute({
  ...common,
  method: 'GET',
  path: `${DBOPS_PROJECT}/dbschema/:schema/instance/:instance`,
  operationId: 'getDbInstance',
  summary: 'Read a DB instance',
  permission: 'dbops_instance_view',
  params: InstanceParams,
  response: DbInstanceOut,
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND'],
})

export const updateDbInstance = defineRoute({
  ...common,
  method: 'PUT',
  path: `${DBOPS_PROJECT}/dbschema/:schema/instance/:instance`,
  operationId: 'updateDbInstance',
  summary: 'Change a DB instance; what the body leaves out stays',
  permission: 'dbops_instance_edit',
  params: InstanceParams,
  body: DbInstanceUpdate,
  response: DbInstanceOut,
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND', 'VERSION_CONFLICT'],
})

export const deleteDbInstance = defineRoute({
  ...common,
  method: 'DELETE',
  path: `${DBOPS_PROJECT}/dbschema/:schema/instance/:instance`,
  operationId: 'deleteDbInstance',
  summary: 'Delete a DB instance; its database stays as it is',
  permission: 'dbops_instance_delete',
  params: InstanceParams,
  status: 204,
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND', 'ENTITY_IN_USE'],
})
