import {
  createDelegateToken as createContract,
  deleteDelegateToken as deleteContract,
  listDelegateTokens as listContract,
  revokeDelegateToken as revokeContract,
} from '@sluice/contracts/delegates'
import type { Mount } from '../../routes.ts'
import { installSource } from '../delegate/get-install.ts'
import { installCommands } from '../delegate/install-commands.ts'
import { scopeIn, scopeOfBody } from '../scope/require-scope.ts'
import { createDelegateToken } from './create-delegate-token.ts'
import { deleteDelegateToken } from './delete-delegate-token.ts'
import { listDelegateTokens } from './list-delegate-tokens.ts'
import { revokeDelegateToken } from './revoke-delegate-token.ts'

export function mountDelegateTokenRoutes({ route, deps }: Mount): void {
  route(
    createContract,
    async ({ actor, query, body }) => {
      const scope = scopeOfBody(actor, body.delegateToken, query)
      // Before the token is made: its value could not be told again.
      const source = await installSource(deps)
      const created = await createDelegateToken(deps, actor, scope, body.delegateToken)
      if (source === undefined) return created
      const { namePattern, allowedTags } = created.delegateToken
      const install = installCommands({
        ...source,
        delegateName: namePattern.includes('*') ? 'my-delegate' : namePattern,
        tags: allowedTags === '*' ? [] : allowedTags,
        token: created.value,
      })
      return { ...created, install }
    },
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
