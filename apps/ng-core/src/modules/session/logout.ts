import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { parseSessionToken, secretMatches } from './session-token.ts'

/** Ends the session that a cookie or bearer value names. A value that names none changes nothing. */
export async function logout(
  deps: Pick<Deps, 'prisma' | 'publishRevocation'>,
  value: string | undefined,
  source: { ip: string | undefined; correlationId: string },
): Promise<void> {
  const parts = value === undefined ? undefined : parseSessionToken(value)
  if (parts === undefined) return
  const { accountId, id } = parts
  const ended = await deps.prisma.$transaction(async (tx) => {
    const session = await tx.session.findUnique({
      where: { accountId_id: { accountId, id } },
      include: { user: { select: { id: true, name: true, email: true } } },
    })
    if (session === null) return false
    const known =
      secretMatches(parts.secret, session.secretHash) || secretMatches(parts.secret, session.previousSecretHash)
    if (!known) return false
    const { count } = await tx.session.deleteMany({ where: { accountId, id } })
    if (count === 0) return false
    await appendAudit(
      tx,
      { accountId, principal: { type: 'USER', id: session.user.id, name: session.user.name }, ...source },
      { action: 'LOGOUT', resource: { type: 'user', identifier: session.user.id, name: session.user.email } },
    )
    return true
  })
  if (ended) await deps.publishRevocation({ accountId, kind: 'session', id })
}
