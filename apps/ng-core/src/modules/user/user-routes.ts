import {
  createUser as createContract,
  deleteUser as deleteContract,
  getCurrentUser,
  getMyAccess as getMyAccessContract,
  getUser as getContract,
  listUsers as listContract,
  updateCurrentUser as updateCurrentContract,
  updateUser as updateContract,
} from '@sluice/contracts/users'
import type { Mount } from '../../routes.ts'
import { scopeIn } from '../scope/require-scope.ts'
import { createUser } from './create-user.ts'
import { deleteUser } from './delete-user.ts'
import { getMyAccess } from './get-my-access.ts'
import { getUser } from './get-user.ts'
import { listUsers } from './list-users.ts'
import { updateCurrentUser } from './update-current-user.ts'
import { updateUser } from './update-user.ts'

export function mountUserRoutes({ route, deps }: Mount): void {
  route(getCurrentUser, async ({ actor }) => ({
    ...(await getUser(deps, actor.accountId, actor.principal.id)),
    accountIdentifier: actor.accountId,
  }))
  route(updateCurrentContract, async ({ actor, body }) => ({
    ...(await updateCurrentUser(deps, actor, body.user)),
    accountIdentifier: actor.accountId,
  }))
  route(getMyAccessContract, ({ actor, query }) => getMyAccess(deps, actor, scopeIn(actor, query)))
  route(createContract, async ({ actor, body }) => ({ user: await createUser(deps, actor, body.user) }))
  route(listContract, ({ actor, body, query }) => listUsers(deps, actor.accountId, body.searchTerm, query))
  route(getContract, async ({ actor, params }) => ({ user: await getUser(deps, actor.accountId, params.userId) }))
  route(updateContract, async ({ actor, params, body }) => ({
    user: await updateUser(deps, actor, params.userId, body.user),
  }))
  route(deleteContract, async ({ actor, params }) => {
    await deleteUser(deps, actor, params.userId)
    return true
  })
}
