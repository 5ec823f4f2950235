import { Principal } from '@sluice/contracts/access'
import type { ExecutionSummary } from '@sluice/contracts/pipelines'
import { toPage } from '@sluice/contracts/routes'
import { NODE_STATUSES, publicSummaryStatus } from '@sluice/pipeline'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'

export interface ListExecutionsInput {
  scope: ProjectScope
  pageIndex: number
  pageSize: number
  pipelineIdentifier?: string
  /** A status as the API shows it, e.g. `Success`. */
  status?: string
}

function summaryStatus(stored: string): string {
  const status = NODE_STATUSES.find((candidate) => candidate === stored)
  return status === undefined ? stored : publicSummaryStatus(status)
}

/** A page of the project's executions, newest first. */
export async function listExecutions(deps: Deps, input: ListExecutionsInput) {
  const statuses =
    input.status === undefined
      ? undefined
      : NODE_STATUSES.filter((status) => publicSummaryStatus(status) === input.status)
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
  const content = rows.map((row): ExecutionSummary => ({
    planExecutionId: row.id,
    pipelineIdentifier: row.pipelineIdentifier,
    name: row.pipelineName,
    runSequence: row.runSequence,
    status: summaryStatus(row.status),
    startTs: row.startedAt.getTime(),
    endTs: row.endedAt?.getTime(),
    executionTriggerInfo: { triggerType: 'MANUAL', triggeredBy: Principal.parse(row.principal) },
    failureInfo: row.failureMessage === null ? undefined : { message: row.failureMessage },
  }))
  return toPage(content, total, input)
}
