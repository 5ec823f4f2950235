import {
  followDelegates as followContract,
  getDelegateInstall as installContract,
  listDelegates as listContract,
} from '@sluice/contracts/delegates'
import type { Mount } from '../../routes.ts'
import { scopeIn } from '../scope/require-scope.ts'
import { followDelegates } from './follow-delegates.ts'
import { getInstall } from './get-install.ts'
import { listDelegates } from './list-delegates.ts'

export function mountDelegateRoutes({ route, deps }: Mount): void {
  route(listContract, ({ actor, query, body }) => listDelegates(deps, scopeIn(actor, query), body, query))
  route(installContract, ({ actor, query }) => getInstall(deps, scopeIn(actor, query), query))
  route(followContract, ({ actor, query, reply, signal }) =>
    reply
      .type('text/event-stream')
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .send(followDelegates(deps, actor, scopeIn(actor, query), signal)),
  )
}
