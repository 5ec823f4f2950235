import { z } from 'zod'
import { EpochMs } from './ids.ts'
import { Principal } from './access.ts'
import { defineRoute } from './routes.ts'

/** Cookie of a browser's session: HTTP-only, Secure, SameSite=Strict. */
export const SESSION_COOKIE = 'sluice_session'

/** What people type; compared without regard to case. */
export const Email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address')
/** A new password. Long enough to make guessing hopeless with argon2id; bounded because hashing costs. */
export const NewPassword = z
  .string()
  .min(12, 'must have at least 12 characters')
  .max(128, 'must have at most 128 characters')

export const SessionOpened = z
  .object({
    accountIdentifier: z.string(),
    principal: Principal,
    /** Opaque bearer token for `authorization: Bearer …`; absent where `bearer` was false. */
    token: z.string().optional(),
    expiresAt: EpochMs,
  })
  .meta({ id: 'SessionOpened' })

/** `details` of TOO_MANY_REQUESTS after wrong passwords. */
export const LockOutDetails = z.object({ retryAfterSeconds: z.number().int().min(1) })

/** Opens a session. The cookie comes by `set-cookie`; an older session in the request's cookie ends. */
export const login = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/auth/login',
  operationId: 'login',
  summary: 'Sign in with e-mail and password',
  tag: 'Sign-in',
  auth: 'public',
  body: z.object({
    email: Email,
    password: z.string().min(1).max(128),
    /** Needed where the same e-mail address belongs to several accounts and the oldest is not meant. */
    accountIdentifier: z.string().max(64).optional(),
    /** False: only the cookie, so that scripts in the page never see a credential. */
    bearer: z.boolean().default(true),
  }),
  response: SessionOpened,
  family: 'ng',
  errors: ['INVALID_CREDENTIALS', 'TOO_MANY_REQUESTS', 'INVALID_REQUEST'],
})

/** Ends the session of the request's cookie or bearer token. Ending an ended session is fine. */
export const logout = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/auth/logout',
  operationId: 'logout',
  summary: 'Sign out',
  tag: 'Sign-in',
  auth: 'public',
  response: z.boolean(),
  family: 'ng',
  errors: [],
})

export const Session = z
  .object({
    identifier: z.string(),
    /** BROWSER: by cookie. TOKEN: a bearer token, as scripts use it. */
    kind: z.enum(['BROWSER', 'TOKEN']),
    /** The session that the request came with. */
    current: z.boolean(),
    createdAt: EpochMs,
    /** To the minute. */
    lastUsedAt: EpochMs,
    expiresAt: EpochMs,
    /** Where it was opened from, as the gateway saw it. */
    address: z.string().optional(),
    userAgent: z.string().optional(),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof Session>

export const listSessions = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/auth/sessions',
  operationId: 'listSessions',
  summary: 'Your own open sessions, last used first',
  tag: 'Sign-in',
  auth: 'principal',
  response: z.array(Session),
  family: 'ng',
  errors: [],
})

export const endOtherSessions = defineRoute({
  service: 'ng-core',
  method: 'DELETE',
  path: '/ng/api/auth/sessions',
  operationId: 'endOtherSessions',
  summary: 'End all of your sessions but the one you ask with',
  tag: 'Sign-in',
  auth: 'principal',
  response: z.object({ ended: z.number().int() }),
  family: 'ng',
  errors: [],
})

export const endSession = defineRoute({
  service: 'ng-core',
  method: 'DELETE',
  path: '/ng/api/auth/sessions/:identifier',
  operationId: 'endSession',
  summary: 'End one of your sessions',
  tag: 'Sign-in',
  auth: 'principal',
  params: z.object({ identifier: z.string().max(64) }),
  response: z.boolean(),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND'],
})

/** Changes the caller's own password. Every session of the user ends; the answer opens a new one. */
export const changePassword = defineRoute({
  service: 'ng-core',
  method: 'PUT',
  path: '/ng/api/auth/password',
  operationId: 'changePassword',
  summary: 'Change your own password; all your other sessions end',
  tag: 'Sign-in',
  auth: 'principal',
  body: z.object({
    currentPassword: z.string().min(1).max(128),
    newPassword: NewPassword,
    bearer: z.boolean().default(true),
  }),
  response: SessionOpened,
  family: 'ng',
  errors: ['INVALID_CREDENTIALS', 'INVALID_REQUEST', 'TOO_MANY_REQUESTS'],
})

/** A credential as the gateway found it in a request. */
export const Credential = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session'), value: z.string().max(512) }),
  z.object({ type: z.literal('bearer'), value: z.string().max(512) }),
  z.object({ type: z.literal('apiKey'), value: z.string().max(512) }),
])
export type Credential = z.infer<typeof Credential>

/** Exchanges a credential for the internal token. Only the gateway asks. */
export const exchangeCredential = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/internal/token',
  operationId: 'exchangeCredential',
  summary: 'Exchange a session, bearer token or API key for an internal token',
  tag: 'Internal',
  auth: 'peer',
  body: z.object({ credential: Credential }),
  response: z.object({
    token: z.string(),
    /** Epoch ms at which the internal token expires. */
    expiresAt: z.number().int(),
    accountId: z.string(),
    /** Id of the session or API key. */
    credentialId: z.string(),
    /** The session's value was rotated: the browser must get this cookie. */
    setCookie: z.string().optional(),
  }),
  family: 'bare',
  errors: ['INVALID_TOKEN', 'EXPIRED_TOKEN'],
})
