import { randomUUID } from 'node:crypto'
import { AppError } from '@sluice/contracts/errors'
import type { RoleAssignment } from '@sluice/contracts/users'
import type { Tx } from '../../deps.ts'
import { bumpAccessVersion } from '../account/bump-access-version.ts'
import { requireScope, scopeColumns } from '../scope/require-scope.ts'

/** Gives a user exactly these roles. @throws AppError ENTITY_NOT_FOUND for an unknown organisation or project */
export async function replaceRoles(
  tx: Tx,
  user: { accountId: string; id: string },
  assignments: readonly RoleAssignment[],
): Promise<void> {
  const { accountId } = user
  for (const assignment of assignments) {
    // A handful of rows on one connection.
    // oxlint-disable-next-line no-await-in-loop
    await requireScope(tx, { accountId, ...assignment })
  }
  await tx.roleAssignment.deleteMany({ where: { accountId, userId: user.id } })
  await tx.roleAssignment.createMany({
    data: assignments.map(({ role, orgIdentifier, projectIdentifier }) => ({
      ...scopeColumns({ accountId, orgIdentifier, projectIdentifier }),
      id: randomUUID(),
      userId: user.id,
      role,
    })),
    // The same role named twice is one role.
    skipDuplicates: true,
  })
  await bumpAccessVersion(tx, accountId)
}

/** Locks the account's administrators for the rest of the transaction, so that two changes can't each remove the other's last one. */
export async function requireAnAdministrator(tx: Tx, accountId: string): Promise<void> {
  await tx.$queryRawUnsafe('select id from account where id = $1 for update', accountId)
  const admins = await tx.roleAssignment.count({
    where: { accountId, role: 'admin', orgIdentifier: null, user: { disabled: false } },
  })
  if (admins > 0) return
  throw new AppError(
    'INVALID_STATE',
    'This would leave the account without an active administrator. Make somebody else administrator first.',
  )
}
