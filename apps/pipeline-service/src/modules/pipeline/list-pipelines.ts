import { toPage } from '@sluice/contracts/routes'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { toPipelineSummary, type LastExecution } from './pipeline-mapper.ts'

export interface ListPipelinesInput {
  scope: ProjectScope
  pageIndex: number
  pageSize: number
  searchTerm?: string
}

/** A page of the project's pipelines, newest change first, each with its last execution. */
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
  const last = await lastExecutions(
    deps,
    scope,
    rows.map((row) => row.identifier),
  )
  return toPage(
    rows.map((row) => toPipelineSummary(row, last.get(row.identifier))),
    total,
    input,
  )
}

/** The last execution of each pipeline that has any: one look into the index for each. */
async function lastExecutions(
  deps: Deps,
  scope: ProjectScope,
  identifiers: string[],
): Promise<Map<string, LastExecution>> {
  const found = await deps.prisma.$queryRaw<(LastExecution & { identifier: string })[]>`
    select wanted.identifier, last.id, last.status, last.started_at as "startedAt"
      from unnest(${identifiers}::text[]) as wanted (identifier)
     cross join lateral (
       select id, status, started_at
         from execution
        where account_id = ${scope.accountId} and org_identifier = ${scope.orgIdentifier}
          and project_identifier = ${scope.projectIdentifier} and pipeline_identifier = wanted.identifier
        order by started_at desc
        limit 1) as last`
  return new Map(found.map(({ identifier, ...execution }) => [identifier, execution]))
}
