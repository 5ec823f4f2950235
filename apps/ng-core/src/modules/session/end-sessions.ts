import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound } from '../scope/entity-errors.ts'

type EndDeps = Pick<Deps, 'prisma' | 'publishRevocation'>

/** Ends one of the actor's own sessions, the current one included. @throws AppError ENTITY_NOT_FOUND */
export async function endSession(deps: EndDeps, actor: Actor, id: string): Promise<void> {
  const ended = await endWhere(deps, actor, { id })
  if (ended === 0) throw notFound('session', id)
}

/** Ends the actor's sessions but the one it asks with; with an API key all of them. @returns how many */
export function endOtherSessions(deps: EndDeps, actor: Actor): Promise<number> {
  return endWhere(deps, actor, { id: { not: actor.credentialId ?? '' } })
}

async function endWhere(deps: EndDeps, actor: Actor, which: { id: string | { not: string } }): Promise<number> {
  const { accountId, principal } = actor
  const ended = await deps.prisma.$transaction(async (tx) => {
    const { count } = await tx.session.deleteMany({ where: { accountId, userId: principal.id, ...which } })
    if (count > 0) {
      await appendAudit(tx, actor, {
        action: 'LOGOUT',
        resource: { type: 'user', identifier: principal.id, name: principal.name },
        after: { endedSessions: count },
      })
    }
    return count
  })
  if (ended > 0) await deps.publishRevocation({ accountId, kind: 'session', id: principal.id })
  return ended
}
