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

/** Stands in an install command for a token whose value is not known any more. */
export const TOKEN_PLACEHOLDER = '<token>'

/** How to start a delegate of a token. Every text can be pasted into a POSIX shell as it stands. */
export const DelegateInstall = z
  .object({
    delegateServiceUrl: z.string(),
    /** Certificate authority that the delegate must trust; absent where the platform's own trust is enough. PEM. */
    caCertificate: z.string().optional(),
    /** From a checkout, as a process. */
    node: z.string(),
    /** Builds the image from the checkout's Dockerfile and runs it. */
    docker: z.string(),
    /** Writes a compose file and starts it. */
    compose: z.string(),
    /** What to know before running one of them. */
    notes: z.array(z.string()),
  })
  .meta({ id: 'DelegateInstall' })
export type DelegateInstall = z.infer<typeof DelegateInstall>

/** The value of a token is known when it is made only: afterwards the commands hold {@link TOKEN_PLACEHOLDER}. */
export const getDelegateInstall = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/delegate-setup/install',
  operationId: 'getDelegateInstall',
  summary: 'Commands that start a delegate',
  tag: 'Delegates',
  auth: 'permission',
  permission: 'core_delegate_view',
  query: ScopeQuery.extend({
    /** An active token of exactly this scope. */
    tokenName: DelegateTokenName.optional(),
    delegateName: DelegateTokenName.default('my-delegate'),
    /** Separated by commas. */
    tags: z
      .string()
      .max(512)
      .regex(/^[a-zA-Z0-9_.:,-]*$/, 'must hold only letters, digits, "-", "_", "." and ":", separated by commas')
      .optional(),
  }),
  response: DelegateInstall,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'INVALID_STATE', 'INVALID_REQUEST', 'ACCESS_DENIED'],
})

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
  response: z.object({
    delegateToken: DelegateToken,
    value: z.string(),
    /** With the value in it; absent where the operator did not say at which address delegates reach this. */
    install: DelegateInstall.optional(),
  }),
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
    /** enrolled, awaitingApproval or revoked. */
    state: z.string(),
    connected: z.boolean(),
    /** It finishes what it has and takes nothing new. */
    draining: z.boolean(),
    /** `state`, `connected` and `draining` in one word. */
    status: z.enum(['CONNECTED', 'DRAINING', 'DISCONNECTED', 'AWAITING_APPROVAL', 'REVOKED']),
    version: z.string().optional(),
    lastHeartbeatAt: EpochMs.optional(),
    enrolledAt: EpochMs,
    /** Replica of delegate-service that holds its socket. */
    replica: z.string().optional(),
    /** Tasks at once. */
    capacity: z.number().int(),
    runningTasks: z.number().int(),
    /** Where it can run pods: process, docker, kubernetes. */
    runtimes: z.array(z.string()),
    /** Everything that it said it can do. */
    capabilities: z.array(z.string()),
    /** Name of its machine, where it says so. */
    host: z.string().optional(),
    /** Whether it runs in a container, where it says so: `localhost` means the container there. */
    inContainer: z.boolean().optional(),
    /** Name of the token that it enrolled with; absent once that is deleted. */
    tokenName: z.string().optional(),
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
  body: z.object({
    /** Looks into name, tags and host. */
    searchTerm: z.string().max(128).optional(),
    connected: z.boolean().optional(),
  }),
  response: pageOf(Delegate),
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})

/** Data of `event: delegate`. */
export const DelegateEvent = z
  .object({
    delegate: Delegate,
    /** Fields that differ from what the stream said before; empty for a delegate that it did not know. */
    changed: z.array(z.string()),
  })
  .meta({ id: 'DelegateEvent' })
export type DelegateEvent = z.infer<typeof DelegateEvent>

/** Data of `event: delegates`. */
export const DelegatesEvent = z.object({ delegates: z.array(Delegate) }).meta({ id: 'DelegatesEvent' })
export type DelegatesEvent = z.infer<typeof DelegatesEvent>

/**
 * Server-sent events: `event: delegates` with the delegates that can serve the scope, first; then `event: delegate` with
 * the row of one that enrolled, connected, disconnected, drains or changed. It ends after an hour at most, and when the
 * caller may not look any more: ask again.
 */
export const followDelegates = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/delegate-setup/events',
  operationId: 'followDelegates',
  summary: 'Follow the delegates of a scope live (server-sent events)',
  tag: 'Delegates',
  auth: 'permission',
  permission: 'core_delegate_view',
  query: ScopeQuery,
  responseType: 'sse',
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})

/** Message of the channel `delegate.presence:<accountId>`: this delegate's row changed. */
export const PresenceNotice = z.object({ delegateId: z.string().max(64) })
