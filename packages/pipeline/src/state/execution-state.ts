import { AppError } from '@sluice/contracts/errors'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { isActive, isFinal } from './node-status.ts'
import type { NodeRecord } from './node-record.ts'

/** All node executions of one execution, by plan node id. */
export interface ExecutionState {
  readonly nodes: ReadonlyMap<string, NodeRecord>
}

/**
 * The state before anything happened: every node queued, at version 0.
 * @param newNodeId makes the id of a node execution; called once per plan node
 */
export function createExecution(plan: ExecutionPlan, newNodeId: (planNodeId: string) => string): ExecutionState {
  return {
    nodes: new Map(
      plan.nodes.map((node): [string, NodeRecord] => [
        node.id,
        {
          id: newNodeId(node.id),
          planNodeId: node.id,
          status: 'QUEUED',
          version: 0,
          attempt: 0,
          startedAt: null,
          endedAt: null,
          deadlineAt: null,
          spec: null,
          outputs: null,
          failure: null,
          skipReason: null,
          task: null,
          delegate: null,
          units: [],
          stop: null,
          cleanup: null,
        },
      ]),
    ),
  }
}

/** The state from stored rows, in any order. Throws AppError INTERNAL when they are not exactly the plan's nodes. */
export function loadExecution(plan: ExecutionPlan, rows: Iterable<NodeRecord>): ExecutionState {
  const found = new Map<string, NodeRecord>()
  for (const row of rows) found.set(row.planNodeId, row)
  const nodes = new Map<string, NodeRecord>()
  for (const { id } of plan.nodes) {
    const record = found.get(id)
    if (record === undefined) throw misfit(plan, `the node "${id}" has no row`)
    nodes.set(id, record)
  }
  if (found.size !== nodes.size) throw misfit(plan, `there are ${found.size} rows for ${nodes.size} nodes`)
  return { nodes }
}

function misfit(plan: ExecutionPlan, reason: string): AppError {
  return new AppError(
    'INTERNAL',
    `The stored nodes of the execution "${plan.run.executionId}" don't fit its plan: ${reason}.`,
  )
}

/** The record of a plan node. Throws AppError INTERNAL for an id that is not in the plan. */
export function recordOf(state: ExecutionState, planNodeId: string): NodeRecord {
  const record = state.nodes.get(planNodeId)
  if (record === undefined) throw new AppError('INTERNAL', `The execution has no node "${planNodeId}".`)
  return record
}

/** The pipeline node is final; a pod may still be being cleaned up. */
export function isExecutionFinished(plan: ExecutionPlan, state: ExecutionState): boolean {
  return isFinal(recordOf(state, plan.rootId).status)
}

/** Earliest time (epoch ms) at which some running node is due; null when nothing runs. */
export function nextDueAt(state: ExecutionState): number | null {
  let next: number | null = null
  for (const record of state.nodes.values()) {
    if (!isActive(record.status)) continue
    const due = record.stop === null ? record.deadlineAt : record.task === null ? null : record.stop.graceUntil
    if (due !== null && (next === null || due < next)) next = due
  }
  return next
}
