import { z } from 'zod'
import { EntityName, EpochMs, Identifier, Tags } from './ids.ts'
import { defineRoute, PageQuery, pageOf } from './routes.ts'

export const OrganizationInput = z.object({
  identifier: Identifier,
  name: EntityName,
  description: z.string().max(1024).default(''),
  tags: Tags.default({}),
})
export const Organization = OrganizationInput.extend({
  version: z.number().int(),
  createdAt: EpochMs,
  lastModifiedAt: EpochMs,
}).meta({ id: 'Organization' })
export type Organization = z.infer<typeof Organization>

const OrganizationEnvelope = z.object({ organization: Organization })

export const createOrganization = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/organizations',
  operationId: 'createOrganization',
  summary: 'Create an organisation',
  tag: 'Organisations and projects',
  auth: 'permission',
  permission: 'core_organization_edit',
  body: z.object({ organization: OrganizationInput }),
  response: OrganizationEnvelope,
  family: 'ng',
  errors: ['DUPLICATE_IDENTIFIER', 'INVALID_REQUEST', 'ACCESS_DENIED'],
})

/** Lists what the caller may see: everything, or the organisations that one of its roles speaks of. */
export const listOrganizations = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/organizations',
  operationId: 'listOrganizations',
  summary: 'List organisations',
  tag: 'Organisations and projects',
  auth: 'principal',
  query: PageQuery.extend({ searchTerm: z.string().max(128).optional() }),
  response: pageOf(OrganizationEnvelope),
  family: 'ng',
  errors: [],
})

const OrganizationParams = z.object({ orgIdentifier: Identifier })

export const getOrganization = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/organizations/:orgIdentifier',
  operationId: 'getOrganization',
  summary: 'Read an organisation',
  tag: 'Organisations and projects',
  auth: 'permission',
  permission: 'core_organization_view',
  params: OrganizationParams,
  response: OrganizationEnvelope,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'ACCESS_DENIED'],
})

export const updateOrganization = defineRoute({
  service: 'ng-core',
  method: 'PUT',
  path: '/ng/api/organizations/:orgIdentifier',
  operationId: 'updateOrganization',
  summary: 'Change the name, description or tags of an organisation',
  tag: 'Organisations and projects',
  auth: 'permission',
  permission: 'core_organization_edit',
  params: OrganizationParams,
  body: z.object({
    organization: OrganizationInput.omit({ identifier: true }).extend({ version: z.number().int().optional() }),
  }),
  response: OrganizationEnvelope,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'VERSION_CONFLICT', 'ACCESS_DENIED'],
})
