import type { User } from '@sluice/contracts/users'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound, requireVersion, versionConflict } from '../scope/entity-errors.ts'
import { toUser } from './to-user.ts'

/** Changes the actor's own name, and nothing that gives it more rights. @throws AppError VERSION_CONFLICT */
export async function updateCurrentUser(
  deps: Pick<Deps, 'prisma' | 'publishRevocation'>,
  actor: Actor,
  input: { name: string; version?: number },
): Promise<User> {
  const { accountId } = actor
  const { id } = actor.principal
  const user = await deps.prisma.$transaction(async (tx) => {
    const where = { accountId_id: { accountId, id } }
    const before = await tx.user.findUnique({ where, include: { roles: true } })
    if (before === null) throw notFound('user', id)
    requireVersion('user', id, before.version, input.version)
    const { count } = await tx.user.updateMany({
      where: { accountId, id, version: before.version },
      data: { name: input.name, version: { increment: 1 } },
    })
    if (count === 0) throw versionConflict('user', id)
    const after = toUser(await tx.user.findUniqueOrThrow({ where, include: { roles: true } }))
    await appendAudit(tx, actor, {
      action: 'UPDATE',
      resource: { type: 'user', identifier: id, name: after.email },
      before: { name: before.name },
      after: { name: after.name },
    })
    return after
  })
  // Tokens carry the name.
  await deps.publishRevocation({ accountId, kind: 'access', id })
  return user
}
