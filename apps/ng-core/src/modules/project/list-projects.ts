import type { listProjects as contract } from '@sluice/contracts/projects'
import { toPage, type RouteQuery } from '@sluice/contracts/routes'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { visibleScopes } from '../scope/visible-scopes.ts'
import { toProject } from './to-project.ts'

/** Projects that the actor has any role in, or above. */
export async function listProjects(
  deps: Pick<Deps, 'prisma' | 'pool'>,
  actor: Actor,
  query: RouteQuery<typeof contract>,
) {
  const visible = await visibleScopes(deps, actor)
  const where = {
    accountId: actor.accountId,
    ...(query.orgIdentifier === undefined ? {} : { orgIdentifier: query.orgIdentifier }),
    ...(query.searchTerm === undefined ? {} : { name: { contains: query.searchTerm, mode: 'insensitive' as const } }),
    ...(visible.everything
      ? {}
      : {
          OR: [
            { orgIdentifier: { in: visible.organizations } },
            ...visible.projects.map(({ orgIdentifier, projectIdentifier }) => ({
              orgIdentifier,
              identifier: projectIdentifier,
            })),
          ],
        }),
  }
  const [rows, total] = await Promise.all([
    deps.prisma.project.findMany({
      where,
      orderBy: [{ orgIdentifier: 'asc' }, { identifier: 'asc' }],
      skip: query.pageIndex * query.pageSize,
      take: query.pageSize,
    }),
    deps.prisma.project.count({ where }),
  ])
  return toPage(
    rows.map((row) => ({ project: toProject(row) })),
    total,
    query,
  )
}
