import { setTimeout as delay } from 'node:timers/promises'
import { AppError, isAppError, toFailure, type Failure } from '@sluice/contracts/errors'
import {
  AttemptContext,
  ResolvedDatabaseStep,
  submitStep,
  type PodRuntimeName,
  type SubmitStep,
} from '@sluice/contracts/steps'
import type { Principal } from '@sluice/contracts/access'
import { outstandingEffects, type ExecutionEvent, type PodPlan, type SubmitTaskEffect } from '@sluice/pipeline'
import type { Execution } from '../../generated/prisma/client.ts'
import type { Deps } from '../../deps.ts'
import { advanceExecution } from './advance-execution.ts'
import { loadStored } from './execution-store.ts'

/** How long an edge may be down before the step fails and names it: longer than a restart of a service. */
const SUBMIT_PATIENCE_MS = 45_000
const FIRST_PAUSE_MS = 200
const LAST_PAUSE_MS = 3_000

/** A task to hand over, and for whom. */
export interface Submitting {
  execution: Execution
  principal: Principal
  effect: SubmitTaskEffect
}

function failureOf(error: unknown): Failure {
  return toFailure(
    isAppError(error)
      ? error
      : new AppError(
          'INTERNAL',
          'The step could not be submitted because of a mistake of ours. Run it again; if it stays, give your administrator the id of the execution: the log of pipeline-service has the reason.',
        ),
  )
}

/** Runtime that a group's infrastructure names; a lone step takes the delegate's own processes. */
function runtimeOf(pod: PodPlan): PodRuntimeName {
  switch (pod.infra?.type) {
    case 'KubernetesDirect':
      return 'kubernetes'
    case 'Docker':
      return 'docker'
    case 'Process':
    case undefined:
      return 'process'
  }
}

function submission(execution: Execution, effect: SubmitTaskEffect, at: number): SubmitStep {
  const context = AttemptContext.parse({
    scope: {
      accountId: execution.accountId,
      orgIdentifier: execution.orgIdentifier,
      projectIdentifier: execution.projectIdentifier,
    },
    pipelineIdentifier: execution.pipelineIdentifier,
    executionId: execution.id,
    nodeExecutionId: effect.nodeId,
    attempt: Number(effect.attemptId.slice(effect.attemptId.lastIndexOf('-') + 1)),
    attemptId: effect.attemptId,
    logKey: effect.logKey,
    podId: effect.podId,
    selectors: effect.selectors,
    timeoutMs: Math.max(1_000, effect.timeoutMs),
    editor: execution.lastEditor ?? undefined,
  })
  switch (effect.taskKind) {
    case 'pod.init':
      return {
        kind: 'pod.init',
        context,
        runtime: runtimeOf(effect.pod),
        steps: effect.podSteps.flatMap((step) => {
          const parsed = ResolvedDatabaseStep.safeParse({
            ...step.spec,
            identifier: step.identifier,
            type: step.stepType,
          })
          return parsed.success ? [parsed.data] : []
        }),
        stepNodeIds: effect.podSteps.map((step) => step.nodeId),
        podTimeoutMs: effect.podEndsAt === null ? undefined : Math.max(1_000, effect.podEndsAt - at),
      }
    case 'pod.execute':
      return {
        kind: 'pod.execute',
        context,
        delegateId: effect.delegateId ?? '',
        step: ResolvedDatabaseStep.parse({
          ...effect.spec,
          identifier: effect.identifier,
          type: effect.stepType,
          planHash: effect.previewPlanHash ?? undefined,
        }),
      }
    case 'pod.cleanup':
      return { kind: 'pod.cleanup', context, delegateId: effect.delegateId ?? '' }
  }
}

type Attempt = { event: ExecutionEvent } | { error: unknown }

/** One call. An answer that no repetition would change is the step's failure; any other error may be tried again. */
async function trySubmit(
  deps: Deps,
  { execution, principal, effect }: Submitting,
  signal: AbortSignal,
): Promise<Attempt> {
  const { attemptId, taskKind } = effect
  try {
    const { taskId } = await deps.client.call(
      submitStep,
      { body: submission(execution, effect, deps.now()) },
      { onBehalfOf: { accountId: execution.accountId, principal }, correlationId: execution.id, signal },
    )
    return { event: { type: 'taskSubmitted', at: deps.now(), attemptId, taskKind, taskId } }
  } catch (error) {
    if (signal.aborted) return { error }
    deps.logger.warn({ err: error, executionId: execution.id, attemptId, taskKind }, 'task not submitted')
    return isAppError(error) && error.kind === 'user' ? { event: submitFailed(deps, effect, error) } : { error }
  }
}

function submitFailed(deps: Deps, { attemptId, taskKind }: SubmitTaskEffect, error: unknown): ExecutionEvent {
  return { type: 'taskSubmitFailed', at: deps.now(), attemptId, taskKind, failure: failureOf(error) }
}

/**
 * True while the stored state asks for the task; also while an ended node does not know whether its task exists, since
 * only its id makes it cancellable.
 */
async function isWanted(deps: Deps, { execution, effect }: Submitting, lastError: unknown): Promise<boolean> {
  const loaded = await loadStored(deps.prisma, execution.accountId, execution.id)
  if (loaded === undefined) return false
  const mayHaveArrived = isAppError(lastError) && lastError.code === 'UPSTREAM_TIMEOUT'
  return outstandingEffects(loaded.plan, loaded.state, deps.now()).some(
    (wanted) =>
      (wanted.type === 'submitTask' || (wanted.type === 'cancelTask' && wanted.taskId === null && mayHaveArrived)) &&
      wanted.attemptId === effect.attemptId &&
      wanted.taskKind === effect.taskKind,
  )
}

/** Tries again until the task is taken, refused, no longer wanted, or patience ends. */
async function keepSubmitting(
  deps: Deps,
  submitting: Submitting,
  firstError: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { accountId, id } = submitting.execution
  const giveUpAt = deps.now() + SUBMIT_PATIENCE_MS
  let error = firstError
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
    const lastTry = deps.now() + pauseMs > giveUpAt
    if (!lastTry) await delay(pauseMs, undefined, { signal })
    if (!(await isWanted(deps, submitting, error))) return
    const attempt: Attempt = lastTry
      ? { event: submitFailed(deps, submitting.effect, error) }
      : await trySubmit(deps, submitting, signal)
    if ('event' in attempt) return advanceExecution(deps, accountId, id, [attempt.event])
    error = attempt.error
  }
}

/**
 * Submits a task to ng-manager on behalf of whoever started the run. Where the edge is down it is tried again for a
 * while in the background, beside whatever else the execution needs: an abort does not wait for it.
 * @returns the event to apply; undefined where a repetition in this process will apply it, or the process stops (the
 * reconciler submits again).
 */
export async function submitTask(
  deps: Deps,
  submitting: Submitting,
  signal: AbortSignal,
): Promise<ExecutionEvent | undefined> {
  const { execution, effect } = submitting
  const { attemptId, taskKind } = effect
  if (effect.delegateId === null && taskKind === 'pod.cleanup') {
    // No delegate ever took the pod: there is nothing to take away.
    return { type: 'taskFinished', at: deps.now(), attemptId, taskKind, result: { outcome: 'succeeded', outputs: {} } }
  }
  const key = `${execution.accountId}/${attemptId}/${taskKind}`
  if (deps.resubmitting.has(key)) return undefined
  const attempt = await trySubmit(deps, submitting, signal)
  if ('event' in attempt) return attempt.event
  if (signal.aborted || deps.resubmitting.has(key)) return undefined
  const trying = keepSubmitting(deps, submitting, attempt.error, signal)
    .catch((error: unknown) => {
      // The process stops, or the store is away: what is not submitted stays outstanding in the stored state.
      if (!signal.aborted) deps.logger.error({ err: error, executionId: execution.id, attemptId }, 'task not submitted')
    })
    .finally(() => deps.resubmitting.delete(key))
  deps.resubmitting.set(key, trying)
  return undefined
}
