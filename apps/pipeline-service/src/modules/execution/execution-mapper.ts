import { Principal } from '@sluice/contracts/access'
import { AppError } from '@sluice/contracts/errors'
import type { ExecutionStatus } from '@sluice/contracts/execution-graph'
import type { ExecutionSummary } from '@sluice/contracts/pipelines'
import { NODE_STATUSES, publicExecutionStatus } from '@sluice/pipeline'
import type { Execution } from '../../generated/prisma/client.ts'

/** Status of an execution as the API shows it. Throws INTERNAL for a stored text that is no status. */
export function shownStatus(stored: string): ExecutionStatus {
  const status = NODE_STATUSES.find((candidate) => candidate === stored)
  if (status === undefined) throw new AppError('INTERNAL', `An execution has the unknown status "${stored}".`)
  return publicExecutionStatus(status)
}

/** What a summary is not made of, and which is large. */
export const SUMMARY_OMITS = { plan: true, yaml: true, inputs: true, lastEditor: true } as const

type SummaryRow = Omit<Execution, keyof typeof SUMMARY_OMITS>

export function toExecutionSummary(row: SummaryRow): ExecutionSummary {
  return {
    planExecutionId: row.id,
    pipelineIdentifier: row.pipelineIdentifier,
    name: row.pipelineName,
    runSequence: row.runSequence,
    status: shownStatus(row.status),
    startTs: row.startedAt.getTime(),
    endTs: row.endedAt?.getTime(),
    executionTriggerInfo: { triggerType: 'MANUAL', triggeredBy: Principal.parse(row.principal) },
    failureInfo: row.failureMessage === null ? undefined : { message: row.failureMessage },
  }
}
