import type { listConnectors as contract } from '@sluice/contracts/connectors'
import type { Scope } from '@sluice/contracts/ids'
import { toPage, type RouteBody, type RouteQuery } from '@sluice/contracts/routes'
import type { Deps } from '../../deps.ts'
import { inScope } from '../scope/require-scope.ts'
import { toConnector } from './to-connector.ts'

/** Connectors of a scope, or also of the scopes above, by identifier. */
export async function listConnectors(
  deps: Pick<Deps, 'prisma'>,
  scope: Scope,
  filter: RouteBody<typeof contract>,
  query: RouteQuery<typeof contract>,
) {
  const contains = { contains: filter.searchTerm, mode: 'insensitive' as const }
  const where = {
    AND: [
      inScope(scope, { andAbove: query.includeAllConnectorsAvailableAtScope }),
      filter.types === undefined ? {} : { type: { in: filter.types } },
      filter.statuses === undefined ? {} : { status: { in: filter.statuses } },
      filter.searchTerm === undefined ? {} : { OR: [{ identifier: contains }, { name: contains }] },
    ],
  }
  const [rows, total] = await Promise.all([
    deps.prisma.connector.findMany({
      where,
      orderBy: [{ identifier: 'asc' }, { id: 'asc' }],
      skip: query.pageIndex * query.pageSize,
      take: query.pageSize,
    }),
    deps.prisma.connector.count({ where }),
  ])
  return toPage(rows.map(toConnector), total, query)
}
