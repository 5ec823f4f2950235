import type { listApiKeys as contract } from '@sluice/contracts/api-keys'
import { toPage, type RouteQuery } from '@sluice/contracts/routes'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { toApiKey } from './to-api-key.ts'

/** The actor's own keys; others' need core_user_manage. @throws AppError ACCESS_DENIED */
export async function listApiKeys(
  deps: Pick<Deps, 'prisma' | 'access'>,
  actor: Actor,
  query: RouteQuery<typeof contract>,
) {
  const { accountId, principal } = actor
  const userId = query.userId ?? principal.id
  if (userId !== principal.id) await deps.access.require(actor, 'core_user_manage', { accountId })
  const where = { accountId, ...(userId === '*' ? {} : { userId }) }
  const [rows, total] = await Promise.all([
    deps.prisma.apiKey.findMany({
      where,
      include: { user: { select: { name: true } } },
      orderBy: { id: 'desc' },
      skip: query.pageIndex * query.pageSize,
      take: query.pageSize,
    }),
    deps.prisma.apiKey.count({ where }),
  ])
  return toPage(rows.map(toApiKey), total, query)
}
