import {
  createSecret as createContract,
  deleteSecret as deleteContract,
  getSecret as getContract,
  listSecrets as listContract,
  updateSecret as updateContract,
} from '@sluice/contracts/secrets'
import type { Mount } from '../../routes.ts'
import { notFound } from '../scope/entity-errors.ts'
import { scopeColumns, scopeIn, scopeOfBody } from '../scope/require-scope.ts'
import { createSecret } from './create-secret.ts'
import { deleteSecret } from './delete-secret.ts'
import { listSecrets } from './list-secrets.ts'
import { toSecret } from './to-secret.ts'
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
  route(getContract, async ({ actor, params, query }) => {
    const scope = scopeIn(actor, query)
    const row = await deps.prisma.secret.findFirst({
      where: { ...scopeColumns(scope), identifier: params.identifier },
    })
    if (row === null) throw notFound('secret', params.identifier, scope)
    return toSecret(row)
  })
  route(deleteContract, async ({ actor, params, query }) => {
    await deleteSecret(deps, actor, scopeIn(actor, query), params.identifier)
    return true
  })
  route(listContract, ({ actor, query, body }) => listSecrets(deps, scopeIn(actor, query), body.searchTerm, query))
}
