import { z } from 'zod'
import { EntityName, EpochMs } from './ids.ts'
import { defineRoute, PageQuery, pageOf } from './routes.ts'

/** An API key `pat.<account>.<id>.<secret>` acts as its user, with the user's roles. */
export const ApiKey = z
  .object({
    identifier: z.string(),
    name: z.string(),
    userId: z.string(),
    userName: z.string(),
    createdAt: EpochMs,
    /** Absent: does not expire. */
    expiresAt: EpochMs.optional(),
    revokedAt: EpochMs.optional(),
    /** To the minute. */
    lastUsedAt: EpochMs.optional(),
  })
  .meta({ id: 'ApiKey' })
export type ApiKey = z.infer<typeof ApiKey>

export const createApiKey = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/apikey',
  operationId: 'createApiKey',
  summary: 'Make an API key of your own; its value is shown once',
  tag: 'API keys',
  auth: 'principal',
  body: z.object({ apiKey: z.object({ name: EntityName, expiresAt: EpochMs.optional() }) }),
  response: z.object({ apiKey: ApiKey, value: z.string() }),
  family: 'ng',
  errors: ['INVALID_REQUEST'],
})

/** Own keys; somebody else's or everybody's (`userId=*`) with core_user_manage. */
export const listApiKeys = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/apikey',
  operationId: 'listApiKeys',
  summary: 'List API keys, without their values',
  tag: 'API keys',
  auth: 'principal',
  query: PageQuery.extend({ userId: z.string().max(64).optional() }),
  response: pageOf(ApiKey),
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})

/** Own keys; other people's with core_user_manage. */
export const revokeApiKey = defineRoute({
  service: 'ng-core',
  method: 'DELETE',
  path: '/ng/api/apikey/:identifier',
  operationId: 'revokeApiKey',
  summary: 'Revoke an API key at once',
  tag: 'API keys',
  auth: 'principal',
  params: z.object({ identifier: z.string().max(64) }),
  response: z.boolean(),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND'],
})
