import { z } from 'zod'
import { EntityName, EpochMs, Identifier, Tags } from './ids.ts'
import { defineRoute, PageQuery, pageOf, ScopeQuery } from './routes.ts'

/** The built-in manager. The published identifier is accepted as an alias. */
export const BUILT_IN_SECRET_MANAGER = 'sluiceSecretManager'
const SecretManagerIdentifier = z
  .enum([BUILT_IN_SECRET_MANAGER, 'harnessSecretManager'], {
    message: `must be "${BUILT_IN_SECRET_MANAGER}": other secret managers are not built yet`,
  })
  .default(BUILT_IN_SECRET_MANAGER)
  .transform(() => BUILT_IN_SECRET_MANAGER)

const SecretHead = z.object({
  identifier: Identifier,
  name: EntityName,
  description: z.string().max(1024).default(''),
  orgIdentifier: Identifier.optional(),
  projectIdentifier: Identifier.optional(),
  tags: Tags.default({}),
  type: z.literal('SecretText', { message: 'must be "SecretText": other types of secrets are not built yet' }),
})

/** Longest value: a certificate chain with its key fits. */
export const SECRET_VALUE_MAX = 65_536

const SecretSpecInput = z.object({
  secretManagerIdentifier: SecretManagerIdentifier,
  valueType: z.literal('Inline', { message: 'must be "Inline": references to other managers are not built yet' }),
  /** Write-only. Shorter than 4 characters is refused with SECRET_TOO_SHORT: it could not be masked. */
  value: z.string().max(SECRET_VALUE_MAX),
  /** True: only connectors may use it; pipelines can't read it by an expression. */
  connectorsOnly: z.boolean().default(true),
})

const needsOrg = {
  check: (secret: { orgIdentifier?: string; projectIdentifier?: string }) =>
    secret.projectIdentifier === undefined || secret.orgIdentifier !== undefined,
  error: { message: 'a projectIdentifier needs its orgIdentifier', path: ['orgIdentifier'] },
}

export const SecretInput = SecretHead.extend({ spec: SecretSpecInput }).refine(needsOrg.check, needsOrg.error)
export type SecretInput = z.infer<typeof SecretInput>

/** Absent value: the stored one stays. */
export const SecretUpdate = SecretHead.extend({
  spec: SecretSpecInput.extend({ value: SecretSpecInput.shape.value.optional() }),
}).refine(needsOrg.check, needsOrg.error)
export type SecretUpdate = z.infer<typeof SecretUpdate>

/** A secret as it is told: never its value. */
export const SecretEnvelope = z
  .object({
    secret: SecretHead.extend({
      spec: z.object({
        secretManagerIdentifier: z.string(),
        valueType: z.literal('Inline'),
        connectorsOnly: z.boolean(),
      }),
    }),
    /** Rises with every new value. */
    secretVersion: z.number().int(),
    version: z.number().int(),
    createdAt: EpochMs,
    updatedAt: EpochMs,
  })
  .meta({ id: 'SecretEnvelope' })
export type SecretEnvelope = z.infer<typeof SecretEnvelope>

/** A secret with who refers to it. */
export const SecretUsage = SecretEnvelope.extend({
  /** Connectors that refer to it and that the caller may see, 20 at most. */
  usedBy: z.array(
    z.object({
      identifier: z.string(),
      name: z.string(),
      type: z.string(),
      orgIdentifier: z.string().optional(),
      projectIdentifier: z.string().optional(),
    }),
  ),
  /** All connectors that refer to it, those that the caller may not see too. */
  usedByCount: z.number().int(),
}).meta({ id: 'SecretUsage' })
export type SecretUsage = z.infer<typeof SecretUsage>

const SecretParams = z.object({ identifier: Identifier })

/** Needs core_secret_edit in the scope that the body names. */
export const createSecret = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/v2/secrets',
  operationId: 'createSecret',
  summary: 'Store a secret',
  tag: 'Secrets',
  auth: 'permission',
  permission: 'core_secret_edit',
  query: ScopeQuery,
  body: z.object({ secret: SecretInput }),
  response: SecretEnvelope,
  family: 'ng',
  errors: ['DUPLICATE_IDENTIFIER', 'SECRET_TOO_SHORT', 'ENTITY_NOT_FOUND', 'INVALID_REQUEST', 'ACCESS_DENIED'],
})

/** Needs core_secret_edit in the scope that the body names. A new value is a new version; older ones are kept. */
export const updateSecret = defineRoute({
  service: 'ng-core',
  method: 'PUT',
  path: '/ng/api/v2/secrets/:identifier',
  operationId: 'updateSecret',
  summary: 'Change a secret, or store a new value',
  tag: 'Secrets',
  auth: 'permission',
  permission: 'core_secret_edit',
  params: SecretParams,
  query: ScopeQuery,
  body: z.object({ secret: SecretUpdate, version: z.number().int().optional() }),
  response: SecretEnvelope,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'VERSION_CONFLICT', 'SECRET_TOO_SHORT', 'INVALID_REQUEST', 'ACCESS_DENIED'],
})

export const getSecret = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/v2/secrets/:identifier',
  operationId: 'getSecret',
  summary: 'Read about a secret; the value is never returned',
  tag: 'Secrets',
  auth: 'permission',
  permission: 'core_secret_view',
  params: SecretParams,
  query: ScopeQuery,
  response: SecretUsage,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'ACCESS_DENIED'],
})

export const deleteSecret = defineRoute({
  service: 'ng-core',
  method: 'DELETE',
  path: '/ng/api/v2/secrets/:identifier',
  operationId: 'deleteSecret',
  summary: 'Delete a secret that no connector uses',
  tag: 'Secrets',
  auth: 'permission',
  permission: 'core_secret_delete',
  params: SecretParams,
  query: ScopeQuery,
  response: z.boolean(),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'ENTITY_IN_USE', 'ACCESS_DENIED'],
})

export const listSecrets = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/v2/secrets/list',
  operationId: 'listSecrets',
  summary: 'List the secrets of a scope, without values',
  tag: 'Secrets',
  auth: 'permission',
  permission: 'core_secret_view',
  query: PageQuery.extend(ScopeQuery.shape).extend({
    includeAllSecretsAccessibleAtScope: z.stringbool().default(false),
  }),
  body: z.object({ searchTerm: z.string().max(128).optional() }),
  response: pageOf(SecretUsage),
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})
