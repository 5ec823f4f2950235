import { listSettings as listContract, updateSettings as updateContract } from '@sluice/contracts/settings'
import type { Mount } from '../../routes.ts'
import { scopeIn } from '../scope/require-scope.ts'
import { listSettings } from './list-settings.ts'
import { updateSettings } from './update-settings.ts'

export function mountSettingRoutes({ route, deps }: Mount): void {
  route(listContract, ({ actor, query }) => listSettings(deps, scopeIn(actor, query)))
  route(updateContract, ({ actor, query, body }) => updateSettings(deps, actor, scopeIn(actor, query), body))
}
