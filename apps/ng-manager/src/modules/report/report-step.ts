import type { StepReport } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import { AttemptContext, ResolvedDatabaseStep, type reportStep as contract } from '@sluice/contracts/steps'
import type { RouteBody } from '@sluice/contracts/routes'
import type { Actor } from '@sluice/service-kit'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { StepContext } from '../../generated/prisma/client.ts'
import { pinCommit } from '../commit/pin-commit.ts'
import { projectParams } from '../step/resolve-step.ts'
import { markRanNow } from './mark-ran-now.ts'
import { readChangesets, readNamed, sendReport, type ReportedOutputs } from './send-report.ts'

type Report = RouteBody<typeof contract>

const Submitted = z.object({ step: ResolvedDatabaseStep, context: AttemptContext })
const Unit = z.enum(['preview', 'apply', 'status'])
const Commit = z.string().regex(/^[0-9a-f]{40,64}$/)

/**
 * Hands the result of a finished attempt on to dbdevops-service: plan and changeset states. Idempotent: the same
 * report again is answered from what is stored, here or there. Attempts without a database step have nothing to report.
 * @throws AppError ENTITY_NOT_FOUND for a task that was never asked for; operational ones when the edge is down
 */
export async function reportStep(
  deps: Deps,
  actor: Actor,
  attemptId: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const { accountId } = actor
  const request = await deps.prisma.request.findFirst({
    where: { accountId, attemptId, taskId: report.taskId },
    include: { step: true },
  })
  if (request === null) {
    throw new AppError('ENTITY_NOT_FOUND', `The attempt "${attemptId}" has no task "${report.taskId}" to report about.`)
  }
  const { step } = request
  if (step === null || step.reportedAt !== null) return
  const { outputs } = report.result
  const commit = Commit.safeParse(outputs['commit']).data
  if (commit !== undefined) {
    // Later steps of the execution use the commit that this one fetched.
    const { executionId, instanceId, source } = step
    await pinCommit(deps, { accountId, executionId, instanceId, source }, commit)
  }
  const head = headOf(step, report, commit)
  await sendReport(deps, actor, head, await readOutputs(deps, accountId, report, head.unit), signal)
  await deps.prisma.stepContext.update({
    where: { accountId_attemptId_kind: { accountId, attemptId, kind: step.kind } },
    data: { reportedAt: new Date() },
  })
}

function headOf(
  stored: StepContext,
  report: Report,
  commit: string | undefined,
): Omit<StepReport, 'changesets' | 'documents'> {
  const { step, context } = Submitted.parse(stored.step)
  const { result } = report
  const unit = Unit.parse(stored.operation)
  const planHash = result.outputs['planHash']
  return {
    ...projectParams(context.scope),
    attemptId: context.attemptId,
    unit,
    schemaId: stored.schemaId,
    instanceId: stored.instanceId,
    stepIdentifier: step.identifier,
    stepType: step.type,
    pipelineIdentifier: context.pipelineIdentifier,
    executionId: context.executionId,
    nodeExecutionId: context.nodeExecutionId,
    attempt: context.attempt,
    commit,
    planHash: typeof planHash === 'string' ? planHash.slice(0, 128) : undefined,
    tag: unit === 'apply' && result.outcome === 'succeeded' ? step.tag : undefined,
    outcome: result.outcome,
    failure: result.outcome === 'failed' ? result.failure : undefined,
    finishedAt: report.finishedAt,
  }
}

async function readOutputs(
  deps: Deps,
  accountId: string,
  report: Report,
  unit: StepReport['unit'],
): Promise<ReportedOutputs> {
  const { large, result } = report
  return {
    // An apply recomputes the plan that was previewed; only previews are kept, approved and read.
    plan: unit === 'preview' ? await readNamed(deps, accountId, large, 'plan') : undefined,
    changesets: markRanNow(await readChangesets(deps, accountId, large), result),
    texts: await readNamed(deps, accountId, large, 'texts'),
  }
}
