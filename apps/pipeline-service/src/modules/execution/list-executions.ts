import { toPage } from '@sluice/contracts/routes'
import { NODE_STATUSES } from '@sluice/pipeline'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { shownStatus, toExecutionSummary } from './execution-mapper.ts'

export interface ListExecutionsInput {
  scope: ProjectScope
  pageIndex: number
  pageSize: number
  pipelineIdentifier?: string
  /** A status as the API shows it, e.g. `Success`. */
  status?: string
}

/** A page of the project's executions, newest first. */
export async function listExecutions(deps: Deps, input: ListExecutionsInput) {
  const statuses =
    input.status === undefined ? undefined : NODE_STATUSES.filter((status) => shownStatus(status) === input.status)
  const where = {
    ...input.scope,
    ...(input.pipelineIdentifier === undefined ? {} : { pipelineIdentifier: input.pipelineIdentifier }),
    ...(statuses === undefined ? {} : { status: { in: statuses } }),
  }
  const [rows, total] = await Promise.all([
    deps.prisma.execution.findMany({
      where,
      orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
      skip: input.pageIndex * input.pageSize,
      take: input.pageSize,
      omit: { plan: true, yaml: true },
    }),
    deps.prisma.execution.count({ where }),
  ])
  return toPage(rows.map(toExecutionSummary), total, input)
}
