import type { ExecutionStatus } from '@sluice/contracts/execution-graph'
import { toPage } from '@sluice/contracts/routes'
import { NODE_STATUSES } from '@sluice/pipeline'
import type { Deps } from '../../deps.ts'
import type { Prisma } from '../../generated/prisma/client.ts'
import type { ProjectScope } from '../project-scope.ts'
import { shownStatus, SUMMARY_OMITS, toExecutionSummary } from './execution-mapper.ts'

export interface ListExecutionsInput {
  scope: ProjectScope
  pageIndex: number
  pageSize: number
  pipelineIdentifier?: string
  /** One status as the API shows it, e.g. `Success`; one that nothing has finds nothing. */
  status?: string
  /** Any of these. */
  statuses?: readonly ExecutionStatus[]
  /** Part of a pipeline's name or identifier, a run's number (`17`, `#17`), or an execution's id. */
  searchTerm?: string
  /** Epoch ms, inclusive and exclusive. */
  startedAfter?: number
  startedBefore?: number
  /** Only what this principal started. */
  triggeredById?: string
}

/** Largest number that a run can have: a 32-bit column. */
const RUN_SEQUENCE_MAX = 2_147_483_647

/** A page of the project's executions, newest first. */
export async function listExecutions(deps: Deps, input: ListExecutionsInput) {
  const { scope, pipelineIdentifier, status, statuses, searchTerm, startedAfter, startedBefore, triggeredById } = input
  const conditions: Prisma.ExecutionWhereInput[] = [scope]
  if (pipelineIdentifier !== undefined) conditions.push({ pipelineIdentifier })
  if (status !== undefined) conditions.push(hasStatus([status]))
  if (statuses !== undefined && statuses.length > 0) conditions.push(hasStatus(statuses))
  if (startedAfter !== undefined) conditions.push({ startedAt: { gte: new Date(startedAfter) } })
  if (startedBefore !== undefined) conditions.push({ startedAt: { lt: new Date(startedBefore) } })
  if (triggeredById !== undefined) conditions.push({ triggeredById })
  if (searchTerm !== undefined && searchTerm !== '') conditions.push(await matches(deps, scope, searchTerm))
  const where = { AND: conditions }
  const [rows, total] = await Promise.all([
    deps.prisma.execution.findMany({
      where,
      orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
      skip: input.pageIndex * input.pageSize,
      take: input.pageSize,
      omit: SUMMARY_OMITS,
    }),
    deps.prisma.execution.count({ where }),
  ])
  return toPage(rows.map(toExecutionSummary), total, input)
}

function hasStatus(shown: readonly string[]): Prisma.ExecutionWhereInput {
  return { status: { in: NODE_STATUSES.filter((stored) => shown.includes(shownStatus(stored))) } }
}

/** A search looks at the few pipelines first, so that no text is compared with each of very many executions. */
async function matches(deps: Deps, scope: ProjectScope, term: string): Promise<Prisma.ExecutionWhereInput> {
  const { accountId, orgIdentifier, projectIdentifier } = scope
  // The recursion hops from one pipeline to the next in the index: deleted pipelines, too, have executions.
  const found = await deps.prisma.$queryRaw<{ identifier: string }[]>`
    with recursive ran (identifier) as (
      select min(pipeline_identifier) from execution
       where account_id = ${accountId} and org_identifier = ${orgIdentifier} and project_identifier = ${projectIdentifier}
      union all
      select (select min(pipeline_identifier) from execution
               where account_id = ${accountId} and org_identifier = ${orgIdentifier}
                 and project_identifier = ${projectIdentifier} and pipeline_identifier > ran.identifier)
        from ran where ran.identifier is not null)
    select identifier from ran where strpos(lower(identifier), lower(${term}::text)) > 0
    union
    select identifier from pipeline
     where account_id = ${accountId} and org_identifier = ${orgIdentifier} and project_identifier = ${projectIdentifier}
       and strpos(lower(name), lower(${term}::text)) > 0`
  const number = Number(/^#?(\d{1,10})$/.exec(term)?.[1] ?? '0')
  return {
    OR: [
      { pipelineIdentifier: { in: found.map(({ identifier }) => identifier) } },
      ...(number > 0 && number <= RUN_SEQUENCE_MAX ? [{ runSequence: number }] : []),
      ...(term.startsWith('pex-') ? [{ id: term }] : []),
    ],
  }
}
