import type { listDelegates as contract } from '@sluice/contracts/delegates'
import type { Scope } from '@sluice/contracts/ids'
import { toPage, type RouteBody, type RouteQuery } from '@sluice/contracts/routes'
import type { Deps } from '../../deps.ts'
import { readDelegates } from './read-delegates.ts'

/** A page of the delegates that can serve a scope. */
export async function listDelegates(
  deps: Pick<Deps, 'pool'>,
  scope: Scope,
  filter: RouteBody<typeof contract>,
  query: RouteQuery<typeof contract>,
) {
  const { delegates, total } = await readDelegates(deps, scope, {
    ...filter,
    limit: query.pageSize,
    offset: query.pageIndex * query.pageSize,
  })
  return toPage(delegates, total, query)
}
