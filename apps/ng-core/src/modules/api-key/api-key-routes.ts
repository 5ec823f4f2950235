import {
  createApiKey as createContract,
  listApiKeys as listContract,
  revokeApiKey as revokeContract,
} from '@sluice/contracts/api-keys'
import type { Mount } from '../../routes.ts'
import { createApiKey } from './create-api-key.ts'
import { listApiKeys } from './list-api-keys.ts'
import { revokeApiKey } from './revoke-api-key.ts'

export function mountApiKeyRoutes({ route, deps }: Mount): void {
  route(createContract, ({ actor, body }) => createApiKey(deps, actor, body.apiKey))
  route(listContract, ({ actor, query }) => listApiKeys(deps, actor, query))
  route(revokeContract, async ({ actor, params }) => {
    await revokeApiKey(deps, actor, params.identifier)
    return true
  })
}
