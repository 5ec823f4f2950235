import { assertNever, type Failure } from '@sluice/contracts/errors'
import type { JsonObject } from '@sluice/expressions'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { type Advance, Draft } from './draft.ts'
import type { EngineTaskResult, ExecutionEvent } from './event.ts'
import type { ExecutionState } from './execution-state.ts'
import { concludeNode, failNode, finishNode, nextMove, skipNode } from './finish-node.ts'
import type { NodeRecord, NodeTask } from './node-record.ts'
import { isActive, isFinal } from './node-status.ts'
import { describeTimeout, startNode } from './start-node.ts'
import { stopNode } from './stop-node.ts'
import { initializeOf } from './submit-task.ts'

/** Handing a cleanup over is tried again by the reconciler this often; then the delegate's own sweeper has to find the pod. */
const MAX_CLEANUP_SUBMISSIONS = 10

/** Longest sentence that a failure may carry in contracts. */
const MAX_MESSAGE_LENGTH = 16_384

/**
 * Applies one event to an execution. Pure: the same plan, state and event give the same result. An event that comes late,
 * twice or for something unknown changes nothing.
 */
export function advance(plan: ExecutionPlan, state: ExecutionState, event: ExecutionEvent): Advance {
  const draft = new Draft(plan, state, event.at)
  apply(draft, event)
  for (let next = draft.takePending(); next !== undefined; next = draft.takePending()) proceed(draft, next)
  return draft.finish()
}

function apply(draft: Draft, event: ExecutionEvent): void {
  switch (event.type) {
    case 'executionStarted':
      if (draft.record(draft.plan.rootId).status === 'QUEUED') startNode(draft, draft.plan.rootId)
      return
    case 'abortRequested':
      return abort(draft, event.by, event.reason)
    case 'nodeDue':
      return endWhatIsDue(draft)
    case 'taskSubmitted':
      if (event.taskKind === 'pod.cleanup')
        return noteCleanup(draft, event.attemptId, { phase: 'submitted', taskId: event.taskId })
      return withTask(draft, event.attemptId, (record, task) => {
        if (task.phase === 'submitting')
          draft.update(record.planNodeId, { task: { ...task, phase: 'submitted', taskId: event.taskId } })
        else if (task.taskId === null) draft.update(record.planNodeId, { task: { ...task, taskId: event.taskId } })
        else return
        // The first cancel may have been sent before there was a task to find.
        if (record.stop !== null) cancel(draft, record, { ...task, taskId: event.taskId })
      })
    case 'taskSubmitFailed':
      if (event.taskKind === 'pod.cleanup') return noteCleanupFailure(draft, event.attemptId)
      return withTask(draft, event.attemptId, (record, task) => {
        // A task that was accepted after all decides by its result.
        if (task.phase === 'submitting') endStep(draft, record, { outcome: 'failed', failure: event.failure })
      })
    case 'taskWaiting':
      return withTask(draft, event.attemptId, (record, task) => {
        if (task.phase === 'running' || task.waitingFor === event.message) return
        draft.update(record.planNodeId, { task: { ...task, phase: 'submitted', waitingFor: event.message } })
      })
    case 'taskAssigned':
      return withTask(draft, event.attemptId, (record, task) => {
        if (task.phase === 'running' && record.delegate?.id === event.delegate.id) return
        const status = record.stop === null ? 'RUNNING' : record.status
        draft.update(
          record.planNodeId,
          { status, delegate: event.delegate, task: { ...task, phase: 'running', waitingFor: null } },
          `taken by the delegate "${event.delegate.name}"`,
        )
      })
    case 'taskFinished':
      if (event.taskKind === 'pod.cleanup') {
        return noteCleanup(draft, event.attemptId, {
          phase: event.result.outcome === 'succeeded' ? 'finished' : 'failed',
        })
      }
      return withTask(draft, event.attemptId, (record) => {
        const { delegate, result } = event
        if (delegate !== undefined) draft.update(record.planNodeId, { delegate })
        // A result without units is that of a lost pod: what was told until then is all there is.
        if (result.units !== undefined && result.units.length > 0)
          draft.update(record.planNodeId, { units: result.units })
        endStep(draft, draft.record(record.planNodeId), result)
      })
    case 'taskLost':
      if (event.taskKind === 'pod.cleanup') return noteCleanup(draft, event.attemptId, { phase: 'failed' })
      return withTask(draft, event.attemptId, (record) => {
        const failure: Failure = { code: 'DELEGATE_LOST', message: event.message, failureTypes: ['DelegateRestart'] }
        endStep(draft, record, { outcome: 'failed', failure })
      })
    default:
      return assertNever(event)
  }
}

/** A group, stage or pipeline goes on: starts its next child, or ends. */
function proceed(draft: Draft, planNodeId: string): void {
  if (!isActive(draft.record(planNodeId).status)) return
  const next = nextMove(draft, planNodeId)
  if (next.move !== 'start') {
    if (next.move === 'end') concludeNode(draft, planNodeId)
    return
  }
  const [initialize] = initializeOf(draft.nodes, planNodeId)
  const noPod =
    initialize !== undefined && initialize.id !== next.child && draft.record(initialize.id).status !== 'SUCCEEDED'
  if (noPod) skipNode(draft, next.child, 'Its pod could not be made.')
  else startNode(draft, next.child)
}

function abort(draft: Draft, by: string, reason: string | undefined): void {
  const root = draft.record(draft.plan.rootId)
  if (isFinal(root.status)) return
  const message = `"${by}" aborted the execution${reason === undefined || reason === '' ? '' : `: ${reason.slice(0, 1_000).replace(/\.$/, '')}`}.`
  if (root.status === 'QUEUED') {
    finishNode(draft, draft.plan.rootId, 'ABORTED', message, {
      failure: { code: 'ABORTED', message, failureTypes: [] },
    })
    return
  }
  stopNode(draft, draft.plan.rootId, { cause: 'abort', by, message })
}

/** Outermost first: what a stage's timeout ends is not also ended by its steps' timeouts. */
function endWhatIsDue(draft: Draft): void {
  for (const node of draft.plan.nodes) {
    const { status, stop, deadlineAt, task } = draft.record(node.id)
    if (!isActive(status)) continue
    if (stop === null && deadlineAt !== null && deadlineAt <= draft.at) {
      stopNode(draft, node.id, { cause: 'timeout', by: null, message: describeTimeout(draft, node) })
    } else if (stop !== null && task !== null && stop.graceUntil <= draft.at) {
      endStep(draft, draft.record(node.id), undefined)
    }
  }
}

/** Runs `act` when the attempt is the current one of a step that isn't over. */
function withTask(draft: Draft, attemptId: string, act: (record: NodeRecord, task: NodeTask) => void): void {
  const record = draft.recordOfAttempt(attemptId)
  const task = record?.task
  if (record === undefined || task === null || task === undefined) return
  if (task.attemptId === attemptId && isActive(record.status) && task.phase !== 'finished') act(record, task)
}

function cancel(draft: Draft, record: NodeRecord, task: NodeTask): void {
  const { stop } = record
  if (stop === null) return
  draft.emit({
    type: 'cancelTask',
    taskKind: task.kind,
    attemptId: task.attemptId,
    nodeId: record.id,
    taskId: task.taskId,
    reason: stop.message,
  })
}

/** Ends a step by its task's result; undefined: the result of a cancelled task did not come in time. */
function endStep(draft: Draft, record: NodeRecord, result: EngineTaskResult | undefined): void {
  const id = record.planNodeId
  const outputs: JsonObject | null = result?.outputs ?? null
  if (record.stop !== null) return endStoppedStep(draft, record, record.stop, result, outputs)
  if (result === undefined) return
  if (result.outcome === 'succeeded') return finishNode(draft, id, 'SUCCEEDED', 'its task succeeded', { outputs })
  return failNode(draft, id, result.failure, { outputs })
}

function endStoppedStep(
  draft: Draft,
  record: NodeRecord,
  stop: NonNullable<NodeRecord['stop']>,
  result: EngineTaskResult | undefined,
  outputs: JsonObject | null,
): void {
  const id = record.planNodeId
  const own = stop.cause === 'timeout' && stop.originId === id
  // What was done was done: a step that finished before the cancellation reached it says so.
  if (result?.outcome === 'succeeded' && !own)
    return finishNode(draft, id, 'SUCCEEDED', 'its task succeeded before it could be cancelled', { outputs })
  const message = `${stop.message} ${afterwards(result)}`.slice(0, MAX_MESSAGE_LENGTH)
  if (stop.cause === 'abort')
    return finishNode(draft, id, 'ABORTED', message, {
      failure: { code: 'ABORTED', message, failureTypes: [] },
      outputs,
    })
  const failure: Failure = { code: 'STEP_TIMED_OUT', message, failureTypes: ['Timeout'] }
  if (own) return failNode(draft, id, failure, { status: 'EXPIRED', outputs })
  return finishNode(draft, id, 'EXPIRED', message, { failure, outputs })
}

function afterwards(result: EngineTaskResult | undefined): string {
  if (result === undefined)
    return 'The delegate did not confirm the cancellation in time; what it ran may still be running.'
  if (result.outcome === 'succeeded') return 'What it ran finished successfully after that.'
  return `It was cancelled: ${result.failure.message}`
}

function noteCleanup(
  draft: Draft,
  attemptId: string,
  patch: Partial<Pick<NonNullable<NodeRecord['cleanup']>, 'phase' | 'taskId'>>,
): void {
  const record = draft.recordOfAttempt(attemptId)
  const cleanup = record?.cleanup
  if (record === undefined || cleanup === null || cleanup === undefined || cleanup.attemptId !== attemptId) return
  const over = cleanup.phase === 'finished' || cleanup.phase === 'failed'
  if (over || (cleanup.phase === 'submitted' && patch.phase === 'submitted')) return
  draft.update(record.planNodeId, { cleanup: { ...cleanup, ...patch } })
}

function noteCleanupFailure(draft: Draft, attemptId: string): void {
  const record = draft.recordOfAttempt(attemptId)
  const cleanup = record?.cleanup
  if (record === undefined || cleanup === null || cleanup === undefined || cleanup.phase !== 'submitting') return
  const failedSubmissions = cleanup.failedSubmissions + 1
  const phase = failedSubmissions >= MAX_CLEANUP_SUBMISSIONS ? 'failed' : 'submitting'
  draft.update(record.planNodeId, { cleanup: { ...cleanup, failedSubmissions, phase } })
}
