import { postStepReport, type ReportedDocument, type StepReport } from '@sluice/contracts/dbops'
import { AppError, isAppError } from '@sluice/contracts/errors'
import { AttemptContext, ResolvedDatabaseStep, type reportStep as contract } from '@sluice/contracts/steps'
import type { RouteBody } from '@sluice/contracts/routes'
import { ChangesetReport, type TaskOutputRef } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { StepContext } from '../../generated/prisma/client.ts'
import { pinCommit } from '../commit/pin-commit.ts'
import { projectParams } from '../step/resolve-step.ts'
import { markRanNow } from './mark-ran-now.ts'
import { packDocument } from './pack-document.ts'
import { readOutput } from './read-output.ts'

type Report = RouteBody<typeof contract>

const Submitted = z.object({ step: ResolvedDatabaseStep, context: AttemptContext })
const Unit = z.enum(['preview', 'apply', 'status'])
const Commit = z.string().regex(/^[0-9a-f]{40,64}$/)

/** Room for documents in a report's body of 1 MiB, beside everything else in it. */
const DOCUMENT_BUDGET = 700_000

/** Changesets beyond this number travel as a document. */
const INLINE_CHANGESETS_MAX = 100

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
  await send(deps, actor, await toStepReport(deps, actor, step, report, commit, signal), signal)
  await deps.prisma.stepContext.update({
    where: { accountId_attemptId_kind: { accountId, attemptId, kind: step.kind } },
    data: { reportedAt: new Date() },
  })
}

async function send(deps: Deps, actor: Actor, report: StepReport, signal: AbortSignal): Promise<void> {
  try {
    await deps.client.call(postStepReport, { body: report }, { actor, signal, timeoutMs: 30_000 })
  } catch (error) {
    if (!isAppError(error) || error.code !== 'ENTITY_NOT_FOUND') throw error
    deps.logger.info({ attemptId: report.attemptId, sentence: error.message }, 'instance is gone; report dropped')
  }
}

async function toStepReport(
  deps: Deps,
  actor: Actor,
  stored: StepContext,
  report: Report,
  commit: string | undefined,
  signal: AbortSignal,
): Promise<StepReport> {
  const { step, context } = Submitted.parse(stored.step)
  const { result } = report
  const { attemptId } = context
  const unit = Unit.parse(stored.operation)
  const documents: ReportedDocument[] = []
  let budget = DOCUMENT_BUDGET
  const add = async (name: 'plan' | 'changesets', bytes: Buffer): Promise<void> => {
    const document = await packDocument(deps, actor, { attemptId, name, bytes }, budget, signal)
    budget -= document.content?.length ?? 0
    documents.push(document)
  }
  const plan = outputNamed(report, 'plan')
  // An apply recomputes the plan that was previewed; only previews are kept, approved and read.
  if (plan !== undefined && unit === 'preview') await add('plan', await readOutput(deps, actor.accountId, plan))
  const changesets = markRanNow(await readChangesets(deps, actor.accountId, report), result)
  const inline =
    changesets.length <= INLINE_CHANGESETS_MAX && changesets.every((changeset) => changeset.error === undefined)
  if (!inline) await add('changesets', Buffer.from(JSON.stringify(changesets)))
  const planHash = result.outputs['planHash']
  return {
    ...projectParams(context.scope),
    attemptId,
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
    changesets: inline ? changesets : [],
    documents,
    finishedAt: report.finishedAt,
  }
}

function outputNamed(report: Report, name: TaskOutputRef['name']): TaskOutputRef | undefined {
  return report.large.find((output) => output.name === name)
}

async function readChangesets(deps: Deps, accountId: string, report: Report): Promise<ChangesetReport[]> {
  const output = outputNamed(report, 'changesets')
  if (output === undefined) return []
  const bytes = await readOutput(deps, accountId, output)
  const parsed = z.array(ChangesetReport).safeParse(JSON.parse(bytes.toString('utf8')))
  if (parsed.success) return parsed.data
  throw new AppError(
    'INVALID_REQUEST',
    `The output "changesets" of the attempt does not have its shape: ${z.prettifyError(parsed.error)}`,
  )
}
