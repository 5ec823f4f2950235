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
  const executions = await deps.prisma.execution.findMany({
    where: { ...scope, pipelineIdentifier: { in: rows.map((row) => row.identifier) } },
    orderBy: { startedAt: 'desc' },
    distinct: ['pipelineIdentifier'],
    select: { id: true, status: true, startedAt: true, pipelineIdentifier: true },
  })
  const last = new Map<string, LastExecution>(executions.map((execution) => [execution.pipelineIdentifier, execution]))
  return toPage(
    rows.map((row) => toPipelineSummary(row, last.get(row.identifier))),
    total,
    input,
  )
}
