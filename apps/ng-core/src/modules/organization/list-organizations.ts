import type { listOrganizations as contract } from '@sluice/contracts/organizations'
import { toPage, type RouteQuery } from '@sluice/contracts/routes'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { visibleScopes } from '../scope/visible-scopes.ts'
import { toOrganization } from './to-organization.ts'

/** Organisations that the actor has any role in, or above, or below. */
export async function listOrganizations(
  deps: Pick<Deps, 'prisma' | 'pool'>,
  actor: Actor,
  query: RouteQuery<typeof contract>,
) {
  const visible = await visibleScopes(deps, actor)
  const identifiers = [...visible.organizations, ...visible.projects.map((project) => project.orgIdentifier)]
  const where = {
    accountId: actor.accountId,
    ...(visible.everything ? {} : { identifier: { in: identifiers } }),
    ...(query.searchTerm === undefined ? {} : { name: { contains: query.searchTerm, mode: 'insensitive' as const } }),
  }
  const [rows, total] = await Promise.all([
    deps.prisma.organization.findMany({
      where,
      orderBy: { identifier: 'asc' },
      skip: query.pageIndex * query.pageSize,
      take: query.pageSize,
    }),
    deps.prisma.organization.count({ where }),
  ])
  return toPage(
    rows.map((row) => ({ organization: toOrganization(row) })),
    total,
    query,
  )
}
