import { z } from 'zod'
import { EntityName, EpochMs, Identifier, Reference, Tags } from './ids.ts'
import { defineRoute, LimitQuery } from './routes.ts'

/** Base of the DB DevOps routes at their owner; public under `/gateway/dbops/v1/...`. */
export const DBOPS_PROJECT = '/dbdevops/v1/orgs/:org/projects/:project'

export const ProjectParams = z.object({ org: Identifier, project: Identifier })
export const SchemaParams = ProjectParams.extend({ schema: Identifier })

/** Names of the paging headers of a DB DevOps list; the body is a plain array. */
export const PAGE_HEADERS = { total: 'X-Total-Elements', number: 'X-Page-Number', size: 'X-Page-Size' } as const

export const SortOrder = z.enum(['ASC', 'DESC'])
export const SortField = z.enum(['name', 'updated', 'created'])

/** Query of a list of entities. */
export const EntityListQuery = LimitQuery.extend({
  search_term: z.string().max(128).optional(),
  sort: SortField.default('created'),
  order: SortOrder.default('DESC'),
})
export type EntityListQuery = z.infer<typeof EntityListQuery>

/** Path inside a repository: relative, without a step upwards. */
export const RepositoryPath = z
  .string()
  .min(1)
  .max(1024)
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), {
    message: 'must be a path inside the repository: not absolute, without ".."',
  })

export const SchemaType = z.enum(['Repository', 'Script'])
export const MigrationType = z.enum(['Liquibase', 'Flyway'])
export type MigrationType = z.infer<typeof MigrationType>

/** Where the changelog of a schema of type Repository lives. */
export const SchemaChangelog = z
  .object({
    connector: Reference.describe('git connector: id, org.id or account.id'),
    repo: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe('repository name; needed where the connector is for an account'),
    location: RepositoryPath.describe('changelog file (or folder of SQL files)'),
    archivePath: z.string().max(1024).optional(),
    toml: z.string().max(1024).optional(),
  })
  .meta({ id: 'DbSchemaChangelog' })
export type SchemaChangelog = z.infer<typeof SchemaChangelog>

/** Script that produces the changelog, for a schema of type Script. */
export const SchemaScript = z.object({
  image: z.string().min(1).max(512),
  shell: z.string().min(1).max(32),
  command: z.string().min(1).max(65_536),
  location: z.string().min(1).max(1024),
  toml: z.string().max(1024).optional(),
})

/** Identifiers that a path of these routes uses for something else. */
export const RESERVED_SCHEMA_IDENTIFIERS: readonly string[] = ['overview']

export const DbSchemaIn = z
  .object({
    identifier: Identifier.refine((identifier) => !RESERVED_SCHEMA_IDENTIFIERS.includes(identifier), {
      message: 'is a reserved word here; choose another identifier',
    }),
    name: EntityName,
    tags: Tags.default({}),
    type: SchemaType.default('Repository'),
    migrationType: MigrationType,
    changelog: SchemaChangelog.optional(),
    changeLogScript: SchemaScript.optional(),
    service: Reference.optional(),
    usePercona: z.boolean().optional(),
  })
  .meta({ id: 'DbSchemaIn' })
export type DbSchemaIn = z.infer<typeof DbSchemaIn>

/** Partial: what is absent stays. `identifier`, `type` and `migrationType` may be repeated but not changed. */
export const DbSchemaUpdate = z
  .object({
    identifier: Identifier,
    name: EntityName,
    tags: Tags,
    type: SchemaType,
    migrationType: MigrationType,
    changelog: SchemaChangelog,
    changeLogScript: SchemaScript,
    service: Reference,
    usePercona: z.boolean(),
    primaryDbInstanceId: Identifier,
    /** Version the caller has read; another one answers VERSION_CONFLICT. */
    version: z.number().int().min(1),
  })
  .partial()
  .meta({ id: 'DbSchemaUpdate' })
export type DbSchemaUpdate = z.infer<typeof DbSchemaUpdate>

export const DbSchemaOut = z
  .object({
    identifier: Identifier,
    name: z.string(),
    tags: z.record(z.string(), z.string()),
    type: SchemaType,
    migrationType: MigrationType,
    schemaSourceType: z.enum(['Git', 'Artifactory', 'custom']),
    changelog: SchemaChangelog.optional(),
    service: z.string().optional(),
    usePercona: z.boolean(),
    primaryDbInstanceId: z.string().optional(),
    instanceCount: z.number().int(),
    created: EpochMs,
    updated: EpochMs,
    version: z.number().int(),
  })
  .meta({ id: 'DbSchema' })
export type DbSchemaOut = z.infer<typeof DbSchemaOut>

export const DbopsOverview = z
  .object({
    dbSchemaCount: z.number().int(),
    dbInstanceCount: z.number().int(),
    recentDeployments: z
      .array(
        z.object({
          dbSchemaIdentifier: z.string(),
          dbSchemaName: z.string(),
          dbInstanceIdentifier: z.string(),
          dbInstanceName: z.string(),
          lastDeployed: EpochMs,
        }),
      )
      .max(5),
  })
  .meta({ id: 'DbopsOverview' })

const common = { service: 'dbdevops-service', tag: 'DB schemas', auth: 'permission', family: 'bare' } as const

export const listDbSchemas = defineRoute({
  ...common,
  method: 'GET',
  path: `${DBOPS_PROJECT}/dbschema`,
  operationId: 'listDbSchemas',
  summary: 'List the DB schemas of a project',
  permission: 'dbops_schema_view',
  params: ProjectParams,
  query: EntityListQuery.extend({ migrationType: MigrationType.optional() }),
  response: z.array(DbSchemaOut),
  errors: ['FEATURE_DISABLED'],
})

export const createDbSchema = defineRoute({
  ...common,
  method: 'POST',
  path: `${DBOPS_PROJECT}/dbschema`,
  operationId: 'createDbSchema',
  summary: 'Create a DB schema',
  permission: 'dbops_schema_edit',
  params: ProjectParams,
  body: DbSchemaIn,
  status: 201,
  response: DbSchemaOut,
  errors: ['FEATURE_DISABLED', 'DUPLICATE_IDENTIFIER'],
})

export const getDbopsOverview = defineRoute({
  ...common,
  method: 'GET',
  path: `${DBOPS_PROJECT}/dbschema/overview`,
  operationId: 'getDbopsOverview',
  summary: 'Count schemas and instances, and show the latest deployments',
  permission: 'dbops_schema_view',
  params: ProjectParams,
  response: DbopsOverview,
  errors: ['FEATURE_DISABLED'],
})

export const getDbSchema = defineRoute({
  ...common,
  method: 'GET',
  path: `${DBOPS_PROJECT}/dbschema/:schema`,
  operationId: 'getDbSchema',
  summary: 'Read a DB schema',
  permission: 'dbops_schema_view',
  params: SchemaParams,
  response: DbSchemaOut,
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND'],
})

export const updateDbSchema = defineRoute({
  ...common,
  method: 'PUT',
  path: `${DBOPS_PROJECT}/dbschema/:schema`,
  operationId: 'updateDbSchema',
  summary: 'Change a DB schema; what the body leaves out stays',
  permission: 'dbops_schema_edit',
  params: SchemaParams,
  body: DbSchemaUpdate,
  response: DbSchemaOut,
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND', 'VERSION_CONFLICT'],
})

export const deleteDbSchema = defineRoute({
  ...common,
  method: 'DELETE',
  path: `${DBOPS_PROJECT}/dbschema/:schema`,
  operationId: 'deleteDbSchema',
  summary: 'Delete a DB schema with its instances and their history; databases stay as they are',
  permission: 'dbops_schema_delete',
  params: SchemaParams,
  status: 204,
  errors: ['FEATURE_DISABLED', 'ENTITY_NOT_FOUND'],
})
