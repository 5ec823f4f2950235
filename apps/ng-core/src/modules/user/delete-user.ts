import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { bumpAccessVersion } from '../account/bump-access-version.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound } from '../scope/entity-errors.ts'
import { requireAnAdministrator } from './replace-roles.ts'
import { toUser } from './to-user.ts'

/** Removes a user with its sessions, API keys and roles. @throws AppError ENTITY_NOT_FOUND, INVALID_STATE */
export async function deleteUser(
  deps: Pick<Deps, 'prisma' | 'publishRevocation'>,
  actor: Actor,
  id: string,
): Promise<void> {
  const { accountId } = actor
  await deps.prisma.$transaction(async (tx) => {
    const where = { accountId_id: { accountId, id } }
    const before = await tx.user.findUnique({ where, include: { roles: true } })
    if (before === null) throw notFound('user', id)
    const { count } = await tx.user.deleteMany({ where: { accountId, id } })
    if (count === 0) throw notFound('user', id)
    await bumpAccessVersion(tx, accountId)
    await requireAnAdministrator(tx, accountId)
    await appendAudit(tx, actor, {
      action: 'DELETE',
      resource: { type: 'user', identifier: id, name: before.email },
      before: toUser(before),
    })
  })
  await deps.publishRevocation({ accountId, kind: 'access', id })
}
