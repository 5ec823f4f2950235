import type { DatabaseRequest, StepReport } from '@sluice/contracts/dbops'
import type { ChangesetReport, TaskEvent } from '@sluice/contracts/tasks'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { DirectRequest } from '../../generated/prisma/client.ts'
import { readChangesets, readNamed, sendReport } from '../report/send-report.ts'
import { actorOf, DatabaseResult } from './direct-request.ts'
import type { Outcome } from './finish-request.ts'

type Finished = Extract<TaskEvent, { kind: 'task.finished' }>

const Commit = z.string().regex(/^[0-9a-f]{40,64}$/)
const REPORT_TIMEOUT_MS = 60_000

/**
 * Hands what a refresh or baseline found on to dbdevops-service, a failure included, and makes the request's outcome.
 * @throws AppError operational ones when the edge is down: the message is tried again
 */
export async function reportDatabase(deps: Deps, row: DirectRequest, event: Finished): Promise<Outcome> {
  const { accountId } = row
  const { result, large, delegateName } = event
  const parsed = DatabaseResult.safeParse(result.data ?? {})
  const found: DatabaseResult = parsed.success ? parsed.data : { phases: [] }
  const changesets = await readChangesets(deps, accountId, large)
  const texts = await readNamed(deps, accountId, large, 'texts')
  const commit = Commit.safeParse(result.outputs['commit']).data ?? found.commit
  const failure = result.outcome === 'failed' ? result.failure : undefined
  const head: Omit<StepReport, 'changesets' | 'documents'> = {
    org: row.orgIdentifier ?? '',
    project: row.projectIdentifier ?? '',
    attemptId: row.id,
    unit: row.kind === 'baseline' ? 'baseline' : 'status',
    schemaId: row.schemaId ?? '',
    instanceId: row.instanceId ?? '',
    stepIdentifier: '',
    stepType: row.kind === 'baseline' ? 'Baseline' : 'Refresh',
    pipelineIdentifier: '',
    executionId: '',
    nodeExecutionId: '',
    attempt: 1,
    commit,
    outcome: result.outcome,
    failure,
    finishedAt: event.finishedAt,
  }
  // A baseline that was refused has not looked at the database for the matrix.
  if (failure === undefined || row.kind === 'refresh') {
    await sendReport(deps, actorOf(row), head, { changesets, texts }, AbortSignal.timeout(REPORT_TIMEOUT_MS))
  }
  return {
    status: failure === undefined ? 'SUCCESS' : 'FAILURE',
    result: {
      ...found,
      commit,
      ...(changesets.length > 0 || failure === undefined ? { counts: countsOf(changesets) } : {}),
    },
    error: failure === undefined ? undefined : { code: failure.code, message: failure.message },
    delegateName,
  }
}

function countsOf(changesets: readonly ChangesetReport[]): DatabaseRequest['counts'] {
  const count = (...states: ChangesetReport['status'][]): number =>
    changesets.filter(({ status }) => states.includes(status)).length
  return {
    total: changesets.length,
    deployed: count('deployed', 'ran-now'),
    pending: count('pending'),
    changed: count('changed'),
    failed: count('failed'),
    unknown: count('unknown'),
    skipped: count('skipped'),
    rolledBack: count('rolled-back'),
  }
}
