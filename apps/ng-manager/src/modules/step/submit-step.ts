import { AppError, assertNever } from '@sluice/contracts/errors'
import type { AttemptContext, SubmitStep } from '@sluice/contracts/steps'
import type { DbOperation } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { readQueueTimeout } from '../setting/queue-timeout.ts'
import { buildTask } from '../task/build-task.ts'
import { createLogToken } from '../task/log-token.ts'
import { findTask, sendTask } from '../task/send-task.ts'
import { refuseSecrets, resolveStep, uniqueSecrets, type ResolvedStep } from './resolve-step.ts'

/** All database steps of a pod share one step container: a pod has one per image. */
const STEP_CONTAINER = 'db-step'
/** Ending a pod is short, and a delegate that is away is waited for: until it is done, processes are left behind. */
const CLEANUP_TIMEOUT_MS = 120_000
const CLEANUP_QUEUE_TIMEOUT_MS = 3_600_000

type Of<Kind extends SubmitStep['kind']> = Extract<SubmitStep, { kind: Kind }>

/**
 * Turns one attempt into one delegate task and queues it. The same attempt and kind again answers the same task.
 * @throws AppError REFERENCE_NOT_FOUND, ACCESS_DENIED, CONNECTOR_TYPE_MISMATCH, GIT_REF_NOT_FOUND, GIT_UNREACHABLE,
 * INVALID_REQUEST, SERVICE_UNAVAILABLE
 */
export async function submitStep(
  deps: Deps,
  actor: Actor,
  submission: SubmitStep,
  signal: AbortSignal,
): Promise<{ taskId: string }> {
  const { context, kind } = submission
  requireOwnContext(actor, context)
  const known = await findTask(deps, { accountId: actor.accountId, attemptId: context.attemptId, kind })
  if (known !== undefined) return { taskId: known }
  switch (submission.kind) {
    case 'pod.init':
      return { taskId: await submitInit(deps, actor, submission, signal) }
    case 'pod.execute':
      return { taskId: await submitExecute(deps, actor, submission, signal) }
    case 'pod.cleanup':
      return { taskId: await submitCleanup(deps, actor, submission) }
    default:
      return assertNever(submission)
  }
}

/** The header names the account; a body that speaks of another one, or of another execution's log, is a mistake. */
function requireOwnContext(actor: Actor, context: AttemptContext): void {
  const { scope, executionId, logKey } = context
  if (scope.accountId === actor.accountId && logKey.startsWith(`${actor.accountId}/${executionId}/`)) return
  throw new AppError(
    'INVALID_REQUEST',
    `The attempt "${context.attemptId}" does not belong to the account and execution that it is submitted for.`,
  )
}

async function requireRunner(deps: Deps, actor: Actor, context: AttemptContext): Promise<void> {
  await deps.access.requireActive(actor)
  await deps.access.require(actor, 'core_pipeline_execute', context.scope)
}

async function submitInit(
  deps: Deps,
  actor: Actor,
  { context, runtime, steps, stepNodeIds, podTimeoutMs }: Of<'pod.init'>,
  signal: AbortSignal,
): Promise<string> {
  await requireRunner(deps, actor, context)
  // Every reference is resolved here already: a wrong one fails before a pod is started for it.
  const byInstance = new Map<string, ResolvedStep>()
  for (const step of steps) {
    refuseSecrets(step)
    // A preview and an apply of one instance refer to the same things.
    const instance = JSON.stringify([step.dbSchema, step.dbInstance])
    if (!byInstance.has(instance)) byInstance.set(instance, await resolveStep(deps, { actor, context, step, signal }))
  }
  const resolved = [...byInstance.values()]
  const queueTimeoutMs = await readQueueTimeout(deps, context.scope)
  const logToken = await createLogToken(deps.identity, {
    scope: { ...context.scope, accountId: actor.accountId },
    executionId: context.executionId,
    nodeIds: [context.nodeExecutionId, ...stepNodeIds],
    podTimeoutMs,
  })
  const task = await buildTask(deps.identity, actor, {
    context,
    task: {
      kind: 'pod.init',
      parameters: {
        podId: context.podId,
        runtime,
        steps: [{ name: STEP_CONTAINER, kind: 'db-step' }],
        logServiceUrl: deps.config.logServicePublicUrl,
        logToken,
        logKey: context.logKey,
      },
    },
    secrets: uniqueSecrets(resolved.flatMap(({ secrets }) => secrets)),
    connectorSelectors: resolved.flatMap(({ selectors }) => selectors),
    capabilities: [`runtime:${runtime}`],
    timeoutMs: context.timeoutMs,
    queueTimeoutMs,
    replyTo: 'pipeline.inbox',
  })
  return sendTask(deps, context, task)
}

async function submitExecute(
  deps: Deps,
  actor: Actor,
  { context, step, delegateId }: Of<'pod.execute'>,
  signal: AbortSignal,
): Promise<string> {
  await requireRunner(deps, actor, context)
  refuseSecrets(step)
  const { inputs, source, sourceKey, target, secrets, selectors } = await resolveStep(deps, {
    actor,
    context,
    step,
    signal,
  })
  const { instance } = inputs
  const run: DbOperation =
    step.type === 'DBSchemaUpdateSQL'
      ? { operation: 'preview' }
      : { operation: 'apply', planHash: step.planHash ?? inputs.preview?.hash, tag: step.tag }
  const task = await buildTask(deps.identity, actor, {
    context,
    task: {
      kind: 'pod.execute',
      parameters: {
        podId: context.podId,
        stepName: STEP_CONTAINER,
        attemptId: context.attemptId,
        logKey: context.logKey,
        step: {
          run,
          source,
          target,
          filters: { context: instance.context, labels: instance.labels, properties: instance.substituteProperties },
          lockWaitMs: 10_000,
        },
      },
    },
    secrets,
    connectorSelectors: selectors,
    capabilities: [],
    delegateId,
    timeoutMs: context.timeoutMs,
    queueTimeoutMs: await readQueueTimeout(deps, context.scope),
    replyTo: 'pipeline.inbox',
  })
  return sendTask(deps, context, task, {
    schemaId: inputs.schemaId,
    instanceId: inputs.instanceId,
    operation: run.operation,
    source: sourceKey,
    step: JSON.parse(JSON.stringify({ step, context })),
  })
}

/** A pod is ended whoever started it, also when he has left meanwhile. */
async function submitCleanup(deps: Deps, actor: Actor, { context, delegateId }: Of<'pod.cleanup'>): Promise<string> {
  const task = await buildTask(deps.identity, actor, {
    context: { ...context, selectors: [] },
    task: { kind: 'pod.cleanup', parameters: { podId: context.podId } },
    secrets: [],
    connectorSelectors: [],
    capabilities: [],
    delegateId,
    timeoutMs: CLEANUP_TIMEOUT_MS,
    queueTimeoutMs: CLEANUP_QUEUE_TIMEOUT_MS,
  })
  return sendTask(deps, context, task)
}
