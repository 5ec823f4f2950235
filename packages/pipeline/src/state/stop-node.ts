import type { Draft } from './draft.ts'
import type { NodeStop } from './node-record.ts'
import { isActive, isFinal } from './node-status.ts'

/**
 * How long the result of a cancelled task is waited for: a database may need a while to roll a statement back, and its
 * true end is worth waiting for. After it the step ends anyway, saying so.
 */
export const CANCEL_GRACE_MS = 120_000

/** Begins to end a running node: what runs in it is cancelled and waited for, the rest will not begin. */
export function stopNode(draft: Draft, planNodeId: string, stop: Pick<NodeStop, 'cause' | 'by' | 'message'>): void {
  const full: NodeStop = {
    ...stop,
    originId: planNodeId,
    requestedAt: draft.at,
    graceUntil: draft.at + CANCEL_GRACE_MS,
  }
  if (isActive(draft.record(planNodeId).status)) mark(draft, planNodeId, full)
}

function mark(draft: Draft, planNodeId: string, stop: NodeStop): void {
  const node = draft.node(planNodeId)
  const record = draft.record(planNodeId)
  if (isFinal(record.status)) return
  // A node that is already being ended keeps its first reason and its first grace time.
  const first = record.stop === null
  if (first) draft.update(planNodeId, { status: 'ABORTING', stop }, stop.message)
  if (node.kind !== 'step') {
    for (const child of draft.children(planNodeId)) if (isActive(child.status)) mark(draft, child.planNodeId, stop)
    draft.continueWith(planNodeId)
    return
  }
  if (!first || record.task === null) return
  draft.emit({
    type: 'cancelTask',
    taskKind: record.task.kind,
    attemptId: record.task.attemptId,
    nodeId: record.id,
    taskId: record.task.taskId,
    reason: stop.message,
  })
  draft.emit({ type: 'startTimer', nodeId: record.id, at: stop.graceUntil })
}
