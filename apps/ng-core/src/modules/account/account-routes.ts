import { getCurrentAccount, updateFeatureFlag as updateFlagContract } from '@sluice/contracts/accounts'
import type { Mount } from '../../routes.ts'
import { getAccount } from './get-account.ts'
import { updateFeatureFlag } from './update-feature-flag.ts'

export function mountAccountRoutes({ route, deps }: Mount): void {
  route(getCurrentAccount, ({ actor }) => getAccount(deps, actor.accountId))
  route(updateFlagContract, ({ actor, params, body }) => updateFeatureFlag(deps, actor, params.name, body.enabled))
}
