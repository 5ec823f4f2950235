import { setTimeout as delay } from 'node:timers/promises'
import { isAppError, type Failure } from '@sluice/contracts/errors'
import {
  AttemptContext,
  ResolvedDatabaseStep,
  submitStep,
  type PodRuntimeName,
  type SubmitStep,
} from '@sluice/contracts/steps'
import type { Principal } from '@sluice/contracts/access'
import type { ExecutionEvent, PodPlan, SubmitTaskEffect } from '@sluice/pipeline'
import type { Execution } from '../../generated/prisma/client.ts'
import type { Deps } from '../../deps.ts'

/** How long an edge may be down before the step fails and names it: longer than a restart of a service. */
const SUBMIT_PATIENCE_MS = 45_000
const FIRST_PAUSE_MS = 200
const LAST_PAUSE_MS = 3_000

function failureOf(error: unknown): Failure {
  if (!isAppError(error)) {
    return {
      code: 'INTERNAL',
      message:
        'The step could not be submitted because of an error of ours; its correlation id is in the log of pipeline-service.',
      failureTypes: ['Unknown'],
    }
  }
  const { code, message, details } = error
  const type =
    code === 'ACCESS_DENIED'
      ? 'Authorization'
      : code.includes('AUTHENTICATION')
        ? 'Authentication'
        : code.endsWith('UNAVAILABLE') || code.endsWith('UNREACHABLE')
          ? 'Connectivity'
          : code.includes('TIME')
            ? 'Timeout'
            : 'Unknown'
  return { code, message, failureTypes: [type], details }
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

function submission(execution: Execution, effect: SubmitTaskEffect): SubmitStep {
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

/**
 * Submits a task to ng-manager on behalf of whoever started the run. An edge that is down is tried again for a while;
 * an answer that no retry would change, or a lack of patience, becomes the step's failure.
 * @returns the event to apply; undefined where the process stops first (the reconciler submits again).
 */
export async function submitTask(
  deps: Deps,
  execution: Execution,
  principal: Principal,
  effect: SubmitTaskEffect,
  signal: AbortSignal,
): Promise<ExecutionEvent | undefined> {
  const { attemptId, taskKind } = effect
  if (effect.delegateId === null && taskKind === 'pod.cleanup') {
    // No delegate ever took the pod: there is nothing to take away.
    return { type: 'taskFinished', at: deps.now(), attemptId, taskKind, result: { outcome: 'succeeded', outputs: {} } }
  }
  const giveUpAt = deps.now() + SUBMIT_PATIENCE_MS
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
    try {
      const { taskId } = await deps.client.call(
        submitStep,
        { body: submission(execution, effect) },
        { onBehalfOf: { accountId: execution.accountId, principal }, correlationId: execution.id, signal },
      )
      return { type: 'taskSubmitted', at: deps.now(), attemptId, taskKind, taskId }
    } catch (error) {
      if (signal.aborted) return undefined
      const final = isAppError(error) ? error.kind === 'user' : false
      deps.logger.warn({ err: error, executionId: execution.id, attemptId, taskKind }, 'task not submitted')
      if (final || deps.now() + pauseMs > giveUpAt) {
        return { type: 'taskSubmitFailed', at: deps.now(), attemptId, taskKind, failure: failureOf(error) }
      }
    }
    try {
      await delay(pauseMs, undefined, { signal })
    } catch {
      // The process stops: what is not submitted stays outstanding in the stored state.
      return undefined
    }
  }
}
