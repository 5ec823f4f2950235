import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound } from '../scope/entity-errors.ts'
import { toApiKey } from './to-api-key.ts'

/**
 * Revokes a key at once. Somebody else's needs core_user_manage, and without it doesn't exist.
 * @throws AppError ENTITY_NOT_FOUND
 */
export async function revokeApiKey(
  deps: Pick<Deps, 'prisma' | 'access' | 'publishRevocation'>,
  actor: Actor,
  id: string,
): Promise<void> {
  const { accountId, principal } = actor
  const managesUsers = await deps.access.allows(actor, 'core_user_manage', { accountId })
  await deps.prisma.$transaction(async (tx) => {
    const include = { user: { select: { name: true } } }
    const key = await tx.apiKey.findUnique({ where: { accountId_id: { accountId, id } }, include })
    if (key === null || (key.userId !== principal.id && !managesUsers)) throw notFound('API key', id)
    if (key.revokedAt !== null) return
    const revoked = await tx.apiKey.update({
      where: { accountId_id: { accountId, id } },
      data: { revokedAt: new Date() },
      include,
    })
    await appendAudit(tx, actor, {
      action: 'REVOKE',
      resource: { type: 'apiKey', identifier: id, name: key.name },
      before: toApiKey(key),
      after: toApiKey(revoked),
    })
  })
  await deps.publishRevocation({ accountId, kind: 'apiKey', id })
}
