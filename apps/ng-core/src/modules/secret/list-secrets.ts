import type { Scope } from '@sluice/contracts/ids'
import { toPage, type RouteQuery } from '@sluice/contracts/routes'
import type { listSecrets as contract } from '@sluice/contracts/secrets'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { inScope } from '../scope/require-scope.ts'
import { withUsage } from './find-usage.ts'
import { toSecret } from './to-secret.ts'

/** Secrets of a scope, or also of the scopes above, by identifier, with what uses them. */
export async function listSecrets(
  deps: Pick<Deps, 'prisma' | 'pool'>,
  actor: Actor,
  scope: Scope,
  searchTerm: string | undefined,
  query: RouteQuery<typeof contract>,
) {
  const contains = { contains: searchTerm, mode: 'insensitive' as const }
  const where = {
    AND: [
      inScope(scope, { andAbove: query.includeAllSecretsAccessibleAtScope }),
      searchTerm === undefined ? {} : { OR: [{ identifier: contains }, { name: contains }] },
    ],
  }
  const [rows, total] = await Promise.all([
    deps.prisma.secret.findMany({
      where,
      orderBy: [{ identifier: 'asc' }, { id: 'asc' }],
      skip: query.pageIndex * query.pageSize,
      take: query.pageSize,
    }),
    deps.prisma.secret.count({ where }),
  ])
  const content = await withUsage(
    deps,
    actor,
    rows.map((row) => ({ id: row.id, told: toSecret(row) })),
  )
  return toPage(content, total, query)
}
