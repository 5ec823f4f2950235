import {
  createSecret as createContract,
  deleteSecret as deleteContract,
  getSecret as getContract,
  listSecrets as listContract,
  updateSecret as updateContract,
} from '@sluice/contracts/secrets'
import type { Mount } from '../../routes.ts'
import { scopeIn, scopeOfBody } from '../scope/require-scope.ts'
import { createSecret } from './create-secret.ts'
import { deleteSecret } from './delete-secret.ts'
import { getSecret } from './get-secret.ts'
import { listSecrets } from './list-secrets.ts'
import { updateSecret } from './update-secret.ts'

export function mountSecretRoutes({ route, deps }: Mount): void {
  route(
    createContract,
    ({ actor, query, body }) => createSecret(deps, actor, scopeOfBody(actor, body.secret, query), body.secret),
    { scopeOf: ({ actor, query, body }) => scopeOfBody(actor, body.secret, query) },
  )
  route(
    updateContract,
    ({ actor, params, query, body }) =>
      updateSecret(deps, actor, scopeOfBody(actor, body.secret, query), params.identifier, body.secret, body.version),
    { scopeOf: ({ actor, query, body }) => scopeOfBody(actor, body.secret, query) },
  )
  route(getContract, ({ actor, params, query }) => getSecret(deps, actor, scopeIn(actor, query), params.identifier))
  route(deleteContract, async ({ actor, params, query }) => {
    await deleteSecret(deps, actor, scopeIn(actor, query), params.identifier)
    return true
  })
  route(listContract, ({ actor, query, body }) =>
    listSecrets(deps, actor, scopeIn(actor, query), body.searchTerm, query),
  )
}
