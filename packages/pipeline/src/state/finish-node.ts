import type { Failure, FailureType } from '@sluice/contracts/errors'
import type { JsonObject } from '@sluice/expressions'
import { ancestry } from '../context/outputs-context.ts'
import type { PlanNode } from '../plan/execution-plan.ts'
import type { FAILURE_ACTIONS } from '../yaml/flow.ts'
import type { Draft } from './draft.ts'
import { attemptIdOf, type NodeRecord } from './node-record.ts'
import { isFailure, isFinal, type NodeStatus } from './node-status.ts'
import { stopNode } from './stop-node.ts'
import { endCount, endUnits } from './note-progress.ts'
import { initializeOf, submitCleanupTask } from './submit-task.ts'

type FailureAction = (typeof FAILURE_ACTIONS)[number]

/** What a node leaves behind beside its status. */
export interface NodeEnd {
  readonly failure?: Failure | null
  readonly outputs?: JsonObject | null
}

/** Ends a node, takes its pod away if it has one, and lets its parent go on. The root ends the execution. */
export function finishNode(
  draft: Draft,
  planNodeId: string,
  status: NodeStatus,
  reason: string,
  end: NodeEnd = {},
): void {
  const node = draft.node(planNodeId)
  const { task, units, changesets } = draft.record(planNodeId)
  skipQueuedChildren(draft, node, reason)
  draft.update(
    planNodeId,
    {
      status,
      endedAt: draft.at,
      units: endUnits(units, status === 'SUCCEEDED', draft.at),
      ...endCount(changesets, status === 'SUCCEEDED'),
      ...(end.failure === undefined ? {} : { failure: end.failure }),
      ...(end.outputs === undefined ? {} : { outputs: end.outputs }),
      ...(task === null ? {} : { task: { ...task, phase: 'finished' as const, waitingFor: null } }),
    },
    reason,
  )
  cleanUpPod(draft, node)
  if (node.parentId === null) draft.emit({ type: 'executionFinished', status, at: draft.at })
  draft.continueWith(node.parentId)
}

/** Ends a queued node and everything in it without running it. */
export function skipNode(draft: Draft, planNodeId: string, reason: string): void {
  skip(draft, planNodeId, reason)
  draft.continueWith(draft.node(planNodeId).parentId)
}

function skip(draft: Draft, planNodeId: string, reason: string): void {
  for (const child of draft.children(planNodeId)) skip(draft, child.planNodeId, reason)
  draft.update(planNodeId, { status: 'SKIPPED', endedAt: draft.at, skipReason: reason }, reason)
}

function skipQueuedChildren(draft: Draft, node: PlanNode, reason: string): void {
  for (const child of draft.children(node.id)) {
    if (child.status === 'QUEUED') skip(draft, child.planNodeId, `It did not begin: ${reason}`)
  }
}

/** A pod whose making was begun is taken away exactly once, however its group ended. */
function cleanUpPod(draft: Draft, node: PlanNode): void {
  if (node.kind !== 'stepGroup' || node.pod === null) return
  const record = draft.record(node.id)
  const begun = initializeOf(draft.nodes, node.id).some((initialize) => draft.record(initialize.id).task !== null)
  if (!begun || record.cleanup !== null) return
  const attemptId = attemptIdOf(record.id, record.attempt)
  draft.update(node.id, { cleanup: { attemptId, phase: 'submitting', taskId: null, failedSubmissions: 0 } })
  draft.emit(submitCleanupTask(draft.plan, draft.nodes, draft.state, node))
}

/** Ends a node that failed or expired as its failure strategies say: its own, else those of what is around it. */
export function failNode(
  draft: Draft,
  planNodeId: string,
  failure: Failure,
  end: { status?: 'FAILED' | 'EXPIRED'; outputs?: JsonObject | null } = {},
): void {
  const status = end.status ?? 'FAILED'
  const rest = { failure, ...(end.outputs === undefined ? {} : { outputs: end.outputs }) }
  const action = isInitialize(draft, planNodeId) ? undefined : chooseAction(draft, planNodeId, failure.failureTypes)
  switch (action) {
    case undefined:
      return finishNode(draft, planNodeId, status, failure.message, rest)
    case 'MarkAsFailure':
      return finishNode(
        draft,
        planNodeId,
        'FAILED',
        `The failure strategy marks it as failed: ${failure.message}`,
        rest,
      )
    case 'Ignore':
      return finishNode(
        draft,
        planNodeId,
        'IGNORE_FAILED',
        `The failure strategy ignores its failure: ${failure.message}`,
        rest,
      )
    case 'MarkAsSuccess':
      return finishNode(
        draft,
        planNodeId,
        'SUCCEEDED',
        `The failure strategy marks it as succeeded: ${failure.message}`,
        rest,
      )
    case 'Abort':
      finishNode(draft, planNodeId, status, failure.message, rest)
      return stopNode(draft, draft.plan.rootId, {
        cause: 'abort',
        by: null,
        message: `A failure strategy aborted the execution after "${draft.node(planNodeId).name}" failed.`,
      })
  }
}

/** A pod that can't be made is the failure of its group, which asks its strategies. */
function isInitialize(draft: Draft, planNodeId: string): boolean {
  const node = draft.node(planNodeId)
  return node.kind === 'step' && node.stepType === 'InitializePod'
}

function chooseAction(
  draft: Draft,
  planNodeId: string,
  failureTypes: readonly FailureType[],
): FailureAction | undefined {
  const levels = ancestry(draft.nodes, planNodeId).toReversed()
  // While something around it is being ended, no strategy may let the execution go on.
  if (levels.some((level) => level.id !== planNodeId && draft.record(level.id).stop !== null)) return undefined
  const types: readonly string[] = failureTypes.length > 0 ? failureTypes : ['Unknown']
  for (const level of levels) {
    for (const { onFailure } of level.failureStrategies) {
      if (onFailure.errors.some((error) => error === 'AllErrors' || types.includes(error))) return onFailure.action.type
    }
  }
  return undefined
}

/** Ends a group, stage or pipeline whose children are all final: as the first failure among them says. */
export function concludeNode(draft: Draft, planNodeId: string): void {
  const children = draft.children(planNodeId)
  const { stop } = draft.record(planNodeId)
  if (stop !== null) {
    const failure: Failure = {
      code: stop.cause === 'abort' ? 'ABORTED' : 'STEP_TIMED_OUT',
      message: stop.message,
      failureTypes: stop.cause === 'abort' ? [] : ['Timeout'],
    }
    if (stop.cause === 'abort') finishNode(draft, planNodeId, 'ABORTED', stop.message, { failure })
    else if (stop.originId === planNodeId) failNode(draft, planNodeId, failure, { status: 'EXPIRED' })
    else finishNode(draft, planNodeId, 'EXPIRED', stop.message, { failure })
    return
  }
  const failed = children.find((child) => isFailure(child.status))
  if (failed === undefined) {
    finishNode(draft, planNodeId, 'SUCCEEDED', 'everything in it has ended well')
    return
  }
  const failure = failed.failure ?? describeChild(draft, failed)
  if (isInitialize(draft, failed.planNodeId))
    failNode(draft, planNodeId, failure, { status: failed.status === 'EXPIRED' ? 'EXPIRED' : 'FAILED' })
  else finishNode(draft, planNodeId, failed.status, failure.message, { failure })
}

function describeChild(draft: Draft, child: NodeRecord): Failure {
  return {
    code: 'STEP_FAILED',
    message: `"${draft.node(child.planNodeId).name}" did not succeed.`,
    failureTypes: ['Unknown'],
  }
}

/** What a group, stage or pipeline does next: start this child, wait for one that runs, or end. */
export function nextMove(
  draft: Draft,
  planNodeId: string,
): { move: 'start'; child: string } | { move: 'wait' | 'end' } {
  const record = draft.record(planNodeId)
  for (const child of draft.children(planNodeId)) {
    if (isFinal(child.status)) continue
    if (child.status !== 'QUEUED') return { move: 'wait' }
    return record.stop === null ? { move: 'start', child: child.planNodeId } : { move: 'end' }
  }
  return { move: 'end' }
}
