import { newId } from '@sluice/contracts/ids'
import type { RouteBody } from '@sluice/contracts/routes'
import type { createUser as contract, User } from '@sluice/contracts/users'
import { mapUniqueViolation, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { duplicate } from '../scope/entity-errors.ts'
import { hashPassword } from '../session/password.ts'
import { replaceRoles } from './replace-roles.ts'
import { toUser } from './to-user.ts'

/** @throws AppError DUPLICATE_IDENTIFIER; ENTITY_NOT_FOUND for a role's organisation or project */
export async function createUser(
  deps: Pick<Deps, 'prisma' | 'publishRevocation'>,
  actor: Actor,
  input: RouteBody<typeof contract>['user'],
): Promise<User> {
  const { accountId } = actor
  const passwordHash = await hashPassword(input.password)
  const id = newId('usr')
  try {
    const user = await deps.prisma.$transaction(async (tx) => {
      await tx.user.create({ data: { accountId, id, email: input.email, name: input.name, passwordHash } })
      await replaceRoles(tx, { accountId, id }, input.roleAssignments)
      const created = toUser(
        await tx.user.findUniqueOrThrow({ where: { accountId_id: { accountId, id } }, include: { roles: true } }),
      )
      await appendAudit(tx, actor, {
        action: 'CREATE',
        resource: { type: 'user', identifier: id, name: created.email },
        after: created,
      })
      return created
    })
    await deps.publishRevocation({ accountId, kind: 'access', id })
    return user
  } catch (error) {
    return mapUniqueViolation(error, duplicate('user', input.email))
  }
}
