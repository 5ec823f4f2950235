import { AUDIT_MESSAGE_KIND, AuditEvent } from '@sluice/contracts/audit'
import { newId } from '@sluice/contracts/ids'
import type { Actor } from './actor.ts'
import { activeTraceparent } from './tracing.ts'

/** A Prisma transaction or a `pg` client: whatever the operation's own transaction is. */
export type AuditTransaction =
  | { $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number> }
  | { query(sql: string, values: unknown[]): Promise<unknown> }

export interface RecordAuditInput {
  actor: Pick<Actor, 'accountId' | 'principal' | 'correlationId' | 'ip'>
  action: AuditEvent['action']
  resource: AuditEvent['resource']
  scope: AuditEvent['scope']
  before?: unknown
  after?: unknown
}

/**
 * Puts an audit event into `ng.inbox` within the caller's own transaction: what is audited is exactly what is committed.
 * The active trace goes along.
 * @returns the message id, for waking the receiver after the commit.
 */
export async function recordAudit(tx: AuditTransaction, input: RecordAuditInput): Promise<string> {
  const id = newId('aud')
  const event: AuditEvent = AuditEvent.parse({
    accountId: input.actor.accountId,
    action: input.action,
    resource: input.resource,
    scope: input.scope,
    principal: input.actor.principal,
    source: { ip: input.actor.ip, correlationId: input.actor.correlationId },
    before: input.before,
    after: input.after,
    time: Date.now(),
  })
  const sql = `insert into ng.inbox (account_id, id, kind, body) values ($1, $2, $3, $4::jsonb) on conflict do nothing`
  const values = [
    event.accountId,
    id,
    AUDIT_MESSAGE_KIND,
    JSON.stringify({ ...event, traceparent: activeTraceparent() }),
  ]
  if ('$executeRawUnsafe' in tx) await tx.$executeRawUnsafe(sql, ...values)
  else await tx.query(sql, values)
  return id
}
