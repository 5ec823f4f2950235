import { canonicalJson } from '@sluice/service-kit'
import { createHash } from 'node:crypto'
import type { AuditEvent } from '@sluice/contracts/audit'
import { AppError } from '@sluice/contracts/errors'
import { newId } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import { z } from 'zod'
import type { Tx } from '../../deps.ts'

const Head = z.object({ sequence: z.coerce.bigint(), hash: z.string() })

/** Hash of an event: SHA-256 over the previous hash, a line feed and the event's canonical text. */
export function auditHash(previousHash: string, event: string): string {
  return createHash('sha256').update(`${previousHash}\n${event}`).digest('hex')
}

/**
 * Appends an event to its account's chain, in the caller's transaction. The chain's head stays locked until commit,
 * which puts the account's events in one order: call it last.
 * @throws AppError ENTITY_NOT_FOUND for an account that doesn't exist
 */
export async function appendAuditEvent(tx: Tx, id: string, module: string, event: AuditEvent): Promise<void> {
  const rows = await tx.$queryRawUnsafe(
    'select sequence, hash from audit_chain where account_id = $1 for update',
    event.accountId,
  )
  const [head] = z.array(Head).parse(rows)
  if (head === undefined) {
    throw new AppError('ENTITY_NOT_FOUND', `There is no account "${event.accountId}" to audit.`)
  }
  const sequence = head.sequence + 1n
  const text = canonicalJson({ ...event, id, module, sequence: Number(sequence) })
  const hash = auditHash(head.hash, text)
  await tx.auditEvent.create({
    data: {
      accountId: event.accountId,
      sequence,
      id,
      module,
      action: event.action,
      resourceType: event.resource.type,
      resourceIdentifier: event.resource.identifier,
      orgIdentifier: event.scope.orgIdentifier ?? null,
      projectIdentifier: event.scope.projectIdentifier ?? null,
      principalId: event.principal.id,
      time: new Date(event.time),
      event: text,
      previousHash: head.hash,
      hash,
    },
    select: { sequence: true },
  })
  await tx.auditChain.update({
    where: { accountId: event.accountId },
    data: { sequence, hash },
    select: { accountId: true },
  })
}

/** Who did it: an actor, or whoever signs in right now. */
export type AuditSource = Pick<Actor, 'accountId' | 'principal' | 'correlationId' | 'ip'>

/** What one of ng-core's own operations did. */
export interface OwnAudit {
  action: AuditEvent['action']
  resource: AuditEvent['resource']
  /** Organisation and project, where there are any. */
  scope?: { orgIdentifier?: string; projectIdentifier?: string }
  before?: unknown
  after?: unknown
}

/** Audits an operation of ng-core itself; see {@link appendAuditEvent}. */
export async function appendAudit(tx: Tx, source: AuditSource, audit: OwnAudit): Promise<void> {
  await appendAuditEvent(tx, newId('aud'), 'ng-core', {
    accountId: source.accountId,
    action: audit.action,
    resource: audit.resource,
    scope: {
      accountId: source.accountId,
      orgIdentifier: audit.scope?.orgIdentifier,
      projectIdentifier: audit.scope?.projectIdentifier,
    },
    principal: source.principal,
    source: { ip: source.ip, correlationId: source.correlationId },
    before: audit.before,
    after: audit.after,
    time: Date.now(),
  })
}
