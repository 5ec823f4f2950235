import type { listDelegateTokens as contract } from '@sluice/contracts/delegates'
import type { Scope } from '@sluice/contracts/ids'
import { toPage, type RouteQuery } from '@sluice/contracts/routes'
import type { Deps } from '../../deps.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { toDelegateToken } from './to-delegate-token.ts'

/** Tokens of exactly one scope, by name. */
export async function listDelegateTokens(deps: Pick<Deps, 'prisma'>, scope: Scope, query: RouteQuery<typeof contract>) {
  const where = { ...scopeColumns(scope), status: query.status }
  const [rows, total] = await Promise.all([
    deps.prisma.delegateToken.findMany({
      where,
      orderBy: { name: 'asc' },
      skip: query.pageIndex * query.pageSize,
      take: query.pageSize,
    }),
    deps.prisma.delegateToken.count({ where }),
  ])
  return toPage(rows.map(toDelegateToken), total, query)
}
