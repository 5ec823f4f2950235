import { z } from 'zod'
import { Principal } from './access.ts'
import { Scope } from './ids.ts'

export const AUDIT_ACTIONS = [
  'CREATE',
  'UPDATE',
  'DELETE',
  'LOGIN',
  'LOGOUT',
  'LOGIN_FAILED',
  'RUN',
  'ABORT',
  'REVOKE',
  'ENROL',
  'OPEN',
  'DENIED',
  'TEST',
] as const

/** What happened, to what, by whom. `before` and `after` never hold a secret. */
export const AuditEvent = z
  .object({
    accountId: z.string().max(64),
    action: z.enum(AUDIT_ACTIONS),
    resource: z.object({
      type: z.string().max(64),
      identifier: z.string().max(256),
      name: z.string().max(256).optional(),
    }),
    scope: Scope,
    principal: Principal,
    source: z.object({ ip: z.string().max(64).optional(), correlationId: z.string().max(128).optional() }).optional(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    /** Epoch ms. */
    time: z.number().int(),
  })
  .meta({ id: 'AuditEvent' })
export type AuditEvent = z.infer<typeof AuditEvent>

/** Message kind of `ng.inbox` that carries an audit event. */
export const AUDIT_MESSAGE_KIND = 'audit.event'
