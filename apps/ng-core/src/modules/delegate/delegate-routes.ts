import { listDelegates as listContract } from '@sluice/contracts/delegates'
import type { Mount } from '../../routes.ts'
import { scopeIn } from '../scope/require-scope.ts'
import { listDelegates } from './list-delegates.ts'

export function mountDelegateRoutes({ route, deps }: Mount): void {
  route(listContract, ({ actor, query, body }) => listDelegates(deps, scopeIn(actor, query), body, query))
}
