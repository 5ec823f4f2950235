import { type ExecutionPlan, indexPlan } from '../plan/execution-plan.ts'
import type { Effect } from './effect.ts'
import { type ExecutionState, recordOf } from './execution-state.ts'
import { isActive } from './node-status.ts'
import { submitCleanupTask, submitStepTask } from './submit-task.ts'

/**
 * What has to be done (again) for an execution after a restart or a loss of messages: hand over tasks that nobody
 * acknowledged, cancel what is being ended, set the timers. Repeating any of it is harmless.
 * @param now epoch ms
 */
export function outstandingEffects(plan: ExecutionPlan, state: ExecutionState, now: number): Effect[] {
  const nodes = indexPlan(plan)
  return plan.nodes.flatMap((node): Effect[] => {
    const record = recordOf(state, node.id)
    const { task, stop, cleanup } = record
    const effects: Effect[] = []
    if (node.kind === 'stepGroup' && cleanup?.phase === 'submitting')
      effects.push(submitCleanupTask(plan, nodes, state, node))
    if (!isActive(record.status)) return effects
    if (stop === null && record.deadlineAt !== null)
      effects.push({ type: 'startTimer', nodeId: record.id, at: record.deadlineAt })
    if (node.kind !== 'step' || task === null) return effects
    if (stop === null)
      return task.phase === 'submitting' ? [...effects, submitStepTask(plan, nodes, state, node, now)] : effects
    const { taskId, attemptId, kind } = task
    return [
      ...effects,
      { type: 'cancelTask', taskKind: kind, attemptId, nodeId: record.id, taskId, reason: stop.message },
      { type: 'startTimer', nodeId: record.id, at: stop.graceUntil },
    ]
  })
}
