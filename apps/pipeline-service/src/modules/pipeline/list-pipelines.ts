import { RECENT_EXECUTIONS_MAX } from '@sluice/contracts/pipelines'
import { toPage } from '@sluice/contracts/routes'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { toListedPipeline, type RecentRow } from './pipeline-mapper.ts'

export interface ListPipelinesInput {
  scope: ProjectScope
  pageIndex: number
  pageSize: number
  searchTerm?: string
}

/** A page of the project's pipelines, newest change first, each with its last executions. */
export async function listPipelines(deps: Deps, input: ListPipelinesInput) {
  const { scope, searchTerm } = input
  const where = {
    ...scope,
    ...(searchTerm === undefined
      ? {}
      : {
          OR: [
            { identifier: { contains: searchTerm, mode: 'insensitive' as const } },
            { name: { contains: searchTerm, mode: 'insensitive' as const } },
          ],
        }),
  }
  const [rows, total] = await Promise.all([
    deps.prisma.pipeline.findMany({
      where,
      orderBy: [{ updatedAt: 'desc' }, { identifier: 'asc' }],
      skip: input.pageIndex * input.pageSize,
      take: input.pageSize,
    }),
    deps.prisma.pipeline.count({ where }),
  ])
  const recent = await recentExecutions(
    deps,
    scope,
    rows.map((row) => row.identifier),
  )
  return toPage(
    rows.map((row) => toListedPipeline(row, recent.get(row.identifier) ?? [])),
    total,
    input,
  )
}

/** The last executions of each pipeline that has any, newest first: one look into the index for each, in one query. */
async function recentExecutions(
  deps: Deps,
  scope: ProjectScope,
  identifiers: string[],
): Promise<Map<string, RecentRow[]>> {
  const found = await deps.prisma.$queryRaw<(RecentRow & { identifier: string })[]>`
    select wanted.identifier, recent.*
      from unnest(${identifiers}::text[]) as wanted (identifier)
     cross join lateral (
       select id, status, started_at as "startedAt", ended_at as "endedAt", run_sequence as "runSequence", principal
         from execution
        where account_id = ${scope.accountId} and org_identifier = ${scope.orgIdentifier}
          and project_identifier = ${scope.projectIdentifier} and pipeline_identifier = wanted.identifier
        order by started_at desc, id desc
        limit ${RECENT_EXECUTIONS_MAX}) as recent
     order by wanted.identifier, recent."startedAt" desc, recent.id desc`
  const byPipeline = new Map<string, RecentRow[]>()
  for (const { identifier, ...row } of found) {
    const known = byPipeline.get(identifier)
    if (known === undefined) byPipeline.set(identifier, [row])
    else known.push(row)
  }
  return byPipeline
}
