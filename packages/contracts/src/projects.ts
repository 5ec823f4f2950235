import { z } from 'zod'
import { EntityName, EpochMs, Identifier, Tags } from './ids.ts'
import { defineRoute, PageQuery, pageOf } from './routes.ts'

export const ProjectInput = z.object({
  orgIdentifier: Identifier,
  identifier: Identifier,
  name: EntityName,
  description: z.string().max(1024).default(''),
  tags: Tags.default({}),
})
export const Project = ProjectInput.extend({
  version: z.number().int(),
  createdAt: EpochMs,
  lastModifiedAt: EpochMs,
}).meta({ id: 'Project' })
export type Project = z.infer<typeof Project>

const ProjectEnvelope = z.object({ project: Project })
const OrgQuery = z.object({ orgIdentifier: Identifier })

export const createProject = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/projects',
  operationId: 'createProject',
  summary: 'Create a project in an organisation',
  tag: 'Organisations and projects',
  auth: 'permission',
  permission: 'core_project_edit',
  query: OrgQuery,
  body: z.object({ project: ProjectInput.partial({ orgIdentifier: true }) }),
  response: ProjectEnvelope,
  family: 'ng',
  errors: ['DUPLICATE_IDENTIFIER', 'ENTITY_NOT_FOUND', 'INVALID_REQUEST', 'ACCESS_DENIED'],
})

/** Lists what the caller may see, in one organisation or in all. */
export const listProjects = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/projects',
  operationId: 'listProjects',
  summary: 'List projects',
  tag: 'Organisations and projects',
  auth: 'principal',
  query: PageQuery.extend({ orgIdentifier: Identifier.optional(), searchTerm: z.string().max(128).optional() }),
  response: pageOf(ProjectEnvelope),
  family: 'ng',
  errors: [],
})

const ProjectParams = z.object({ projectIdentifier: Identifier })

export const getProject = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/projects/:projectIdentifier',
  operationId: 'getProject',
  summary: 'Read a project',
  tag: 'Organisations and projects',
  auth: 'permission',
  permission: 'core_project_view',
  params: ProjectParams,
  query: OrgQuery,
  response: ProjectEnvelope,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'ACCESS_DENIED'],
})

export const updateProject = defineRoute({
  service: 'ng-core',
  method: 'PUT',
  path: '/ng/api/projects/:projectIdentifier',
  operationId: 'updateProject',
  summary: 'Change the name, description or tags of a project',
  tag: 'Organisations and projects',
  auth: 'permission',
  permission: 'core_project_edit',
  params: ProjectParams,
  query: OrgQuery,
  body: z.object({
    project: ProjectInput.omit({ identifier: true, orgIdentifier: true }).extend({
      version: z.number().int().optional(),
    }),
  }),
  response: ProjectEnvelope,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'VERSION_CONFLICT', 'ACCESS_DENIED'],
})
