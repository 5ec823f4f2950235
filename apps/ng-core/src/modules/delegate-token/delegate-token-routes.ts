import {
  createDelegateToken as createContract,
  deleteDelegateToken as deleteContract,
  listDelegateTokens as listContract,
  revokeDelegateToken as revokeContract,
} from '@sluice/contracts/delegates'
import type { Mount } from '../../routes.ts'
import { scopeIn, scopeOfBody } from '../scope/require-scope.ts'
import { createDelegateToken } from './create-delegate-token.ts'
import { deleteDelegateToken } from './delete-delegate-token.ts'
import { listDelegateTokens } from './list-delegate-tokens.ts'
import { revokeDelegateToken } from './revoke-delegate-token.ts'

export function mountDelegateTokenRoutes({ route, deps }: Mount): void {
  route(
    createContract,
    ({ actor, query, body }) =>
      createDelegateToken(deps, actor, scopeOfBody(actor, body.delegateToken, query), body.delegateToken),
    { scopeOf: ({ actor, query, body }) => scopeOfBody(actor, body.delegateToken, query) },
  )
  route(listContract, ({ actor, query }) => listDelegateTokens(deps, scopeIn(actor, query), query))
  route(revokeContract, ({ actor, query, params }) =>
    revokeDelegateToken(deps, actor, scopeIn(actor, query), params.name),
  )
  route(deleteContract, async ({ actor, query, params }) => {
    await deleteDelegateToken(deps, actor, scopeIn(actor, query), params.name)
    return true
  })
}
