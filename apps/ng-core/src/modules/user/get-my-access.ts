import { accessIn, rolesHolding } from '@sluice/access'
import { Permission, PERMISSIONS } from '@sluice/contracts/access'
import type { Scope } from '@sluice/contracts/ids'
import type { MyAccess } from '@sluice/contracts/users'
import { loadAccessBindings, type Actor } from '@sluice/service-kit'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'

/** People that are named: enough to find one. */
const ADMINISTRATORS_MAX = 5

const RolesByPermission = z.record(Permission, z.array(z.enum(['admin', 'editor', 'viewer'])))
const ROLES_BY_PERMISSION = RolesByPermission.parse(
  Object.fromEntries(PERMISSIONS.map((permission) => [permission, rolesHolding(permission)])),
)

/** What the actor may do in a scope, and who can give more. Roles are given in the account only. */
export async function getMyAccess(deps: Pick<Deps, 'prisma' | 'pool'>, actor: Actor, scope: Scope): Promise<MyAccess> {
  const { accountId } = actor
  const [bindings, administrators] = await Promise.all([
    loadAccessBindings(deps.pool)(accountId),
    deps.prisma.user.findMany({
      where: { accountId, disabled: false, roles: { some: { role: 'admin', orgIdentifier: null } } },
      select: { name: true },
      orderBy: { createdAt: 'asc' },
      take: ADMINISTRATORS_MAX,
    }),
  ])
  return {
    ...accessIn(bindings, actor, scope),
    rolesByPermission: ROLES_BY_PERMISSION,
    administrators: administrators.map(({ name }) => name),
  }
}
