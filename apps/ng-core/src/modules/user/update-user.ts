import type { RouteBody } from '@sluice/contracts/routes'
import type { updateUser as contract, User } from '@sluice/contracts/users'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { bumpAccessVersion } from '../account/bump-access-version.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound, requireVersion, versionConflict } from '../scope/entity-errors.ts'
import { hashPassword } from '../session/password.ts'
import { replaceRoles, requireAnAdministrator } from './replace-roles.ts'
import { toUser } from './to-user.ts'

/**
 * Renames, disables, unlocks a user, sets its password or roles. Being disabled and a new password end its sessions.
 * @throws AppError ENTITY_NOT_FOUND, VERSION_CONFLICT; INVALID_STATE for the last administrator
 */
export async function updateUser(
  deps: Pick<Deps, 'prisma' | 'publishRevocation'>,
  actor: Actor,
  id: string,
  input: RouteBody<typeof contract>['user'],
): Promise<User> {
  const { accountId } = actor
  const passwordHash = input.password === undefined ? undefined : await hashPassword(input.password)
  const user = await deps.prisma.$transaction(async (tx) => {
    const where = { accountId_id: { accountId, id } }
    const before = await tx.user.findUnique({ where, include: { roles: true } })
    if (before === null) throw notFound('user', id)
    requireVersion('user', id, before.version, input.version)
    const { count } = await tx.user.updateMany({
      where: { accountId, id, version: before.version },
      data: {
        name: input.name,
        disabled: input.disabled,
        passwordHash,
        ...(input.locked === false || passwordHash !== undefined ? { failedLogins: 0, lockedUntil: null } : {}),
        version: { increment: 1 },
      },
    })
    if (count === 0) throw versionConflict('user', id)
    if (input.roleAssignments !== undefined) await replaceRoles(tx, { accountId, id }, input.roleAssignments)
    if (input.disabled !== undefined) await bumpAccessVersion(tx, accountId)
    if (input.roleAssignments !== undefined || input.disabled === true) await requireAnAdministrator(tx, accountId)
    if (input.disabled === true || passwordHash !== undefined) {
      await tx.session.deleteMany({ where: { accountId, userId: id } })
    }
    const after = toUser(await tx.user.findUniqueOrThrow({ where, include: { roles: true } }))
    await appendAudit(tx, actor, {
      action: 'UPDATE',
      resource: { type: 'user', identifier: id, name: after.email },
      before: toUser(before),
      after: { ...after, ...(passwordHash === undefined ? {} : { password: 'changed' }) },
    })
    return after
  })
  await deps.publishRevocation({ accountId, kind: 'access', id })
  return user
}
