import { z } from 'zod'
import { EpochMs, Identifier } from './ids.ts'
import { defineRoute, PageQuery, pageOf, ScopeQuery } from './routes.ts'

export const DelegateTokenName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$/, 'must hold only letters, digits, "-" and "_", 64 at most')

/** What a delegate that enrols with the token may be. */
export const DelegateToken = z
  .object({
    identifier: z.string(),
    name: DelegateTokenName,
    orgIdentifier: Identifier.optional(),
    projectIdentifier: Identifier.optional(),
    /** Names that delegates may take; `*` stands for anything. */
    namePattern: z.string().max(128),
    /** Tags that delegates may take; `*`: any. */
    allowedTags: z.union([z.literal('*'), z.array(z.string().max(128)).max(64)]),
    requiresApproval: z.boolean(),
    status: z.enum(['ACTIVE', 'REVOKED']),
    createdAt: EpochMs,
    revokedAt: EpochMs.optional(),
  })
  .meta({ id: 'DelegateToken' })
export type DelegateToken = z.infer<typeof DelegateToken>

const DelegateTokenInput = z
  .object({
    name: DelegateTokenName,
    orgIdentifier: Identifier.optional(),
    projectIdentifier: Identifier.optional(),
    namePattern: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[a-zA-Z0-9_.*-]+$/, 'must hold only letters, digits, "-", "_", "." and "*"')
      .default('*'),
    allowedTags: DelegateToken.shape.allowedTags.default('*'),
    requiresApproval: z
      .boolean()
      .refine((isRequired) => !isRequired, {
        message: 'must be false: approving delegates is not built yet, so such a delegate could never connect',
      })
      .default(false),
  })
  .refine((token) => token.projectIdentifier === undefined || token.orgIdentifier !== undefined, {
    message: 'a projectIdentifier needs its orgIdentifier',
    path: ['orgIdentifier'],
  })
export type DelegateTokenInput = z.infer<typeof DelegateTokenInput>

/** Needs core_delegate_edit in the scope that the body names. */
export const createDelegateToken = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/delegate-token-ng',
  operationId: 'createDelegateToken',
  summary: 'Make a token with which delegates enrol; its value is shown once',
  tag: 'Delegates',
  auth: 'permission',
  permission: 'core_delegate_edit',
  query: ScopeQuery,
  body: z.object({ delegateToken: DelegateTokenInput }),
  response: z.object({ delegateToken: DelegateToken, value: z.string() }),
  family: 'ng',
  errors: ['DUPLICATE_IDENTIFIER', 'ENTITY_NOT_FOUND', 'INVALID_REQUEST', 'ACCESS_DENIED'],
})

export const listDelegateTokens = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/delegate-token-ng',
  operationId: 'listDelegateTokens',
  summary: 'List the delegate tokens of a scope, without their values',
  tag: 'Delegates',
  auth: 'permission',
  permission: 'core_delegate_view',
  query: PageQuery.extend(ScopeQuery.shape).extend({ status: DelegateToken.shape.status.optional() }),
  response: pageOf(DelegateToken),
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})

const TokenParams = z.object({ name: DelegateTokenName })

/** Delegates that enrolled with it are disconnected. */
export const revokeDelegateToken = defineRoute({
  service: 'ng-core',
  method: 'PUT',
  path: '/ng/api/delegate-token-ng/:name/revoke',
  operationId: 'revokeDelegateToken',
  summary: 'Revoke a delegate token and disconnect its delegates',
  tag: 'Delegates',
  auth: 'permission',
  permission: 'core_delegate_edit',
  params: TokenParams,
  query: ScopeQuery,
  response: DelegateToken,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'ACCESS_DENIED'],
})

export const deleteDelegateToken = defineRoute({
  service: 'ng-core',
  method: 'DELETE',
  path: '/ng/api/delegate-token-ng/:name',
  operationId: 'deleteDelegateToken',
  summary: 'Delete a revoked delegate token',
  tag: 'Delegates',
  auth: 'permission',
  permission: 'core_delegate_edit',
  params: TokenParams,
  query: ScopeQuery,
  response: z.boolean(),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'INVALID_STATE', 'ACCESS_DENIED'],
})

export const Delegate = z
  .object({
    identifier: z.string(),
    name: z.string(),
    tags: z.array(z.string()),
    orgIdentifier: z.string().optional(),
    projectIdentifier: z.string().optional(),
    state: z.string(),
    connected: z.boolean(),
    version: z.string().optional(),
    lastHeartbeatAt: EpochMs.optional(),
  })
  .meta({ id: 'Delegate' })
export type Delegate = z.infer<typeof Delegate>

/** Delegates that can serve the scope: its own and those of the scopes above. */
export const listDelegates = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/delegate-setup/listDelegates',
  operationId: 'listDelegates',
  summary: 'List the delegates that can serve a scope',
  tag: 'Delegates',
  auth: 'permission',
  permission: 'core_delegate_view',
  query: PageQuery.extend(ScopeQuery.shape),
  body: z.object({ searchTerm: z.string().max(128).optional(), connected: z.boolean().optional() }),
  response: pageOf(Delegate),
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})
