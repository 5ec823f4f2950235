import type { User } from '@sluice/contracts/users'
import type { Deps } from '../../deps.ts'
import { notFound } from '../scope/entity-errors.ts'
import { toUser } from './to-user.ts'

/** @throws AppError ENTITY_NOT_FOUND */
export async function getUser(deps: Pick<Deps, 'prisma'>, accountId: string, id: string): Promise<User> {
  const row = await deps.prisma.user.findUnique({
    where: { accountId_id: { accountId, id } },
    include: { roles: true },
  })
  if (row === null) throw notFound('user', id)
  return toUser(row)
}
