import { isJsonObject } from '@sluice/expressions'
import { ancestry } from '../context/outputs-context.ts'
import type { ExecutionPlan, PlanNode, StepGroupNode, StepNode } from '../plan/execution-plan.ts'
import type { SubmitTaskEffect } from './effect.ts'
import { type ExecutionState, recordOf } from './execution-state.ts'
import { podIdOfGroup } from './node-record.ts'
import { podStepsOf } from './step-executors.ts'

type Nodes = ReadonlyMap<string, PlanNode>

/** How long taking a pod away may run on the delegate. */
const CLEANUP_TIMEOUT_MS = 300_000

/** The effect that hands over a step's task, from what its record holds: the same at the start and after a restart. */
export function submitStepTask(
  plan: ExecutionPlan,
  nodes: Nodes,
  state: ExecutionState,
  node: StepNode,
  at: number,
): SubmitTaskEffect {
  const record = recordOf(state, node.id)
  const group = nodes.get(node.podGroupId)
  const task = record.task
  const deadlineAt = task?.deadlineAt ?? at
  const initialize = node.stepType === 'InitializePod'
  const infra = record.spec?.['infra']
  return {
    type: 'submitTask',
    taskKind: task?.kind ?? 'pod.execute',
    attemptId: task?.attemptId ?? record.id,
    nodeId: record.id,
    planNodeId: node.id,
    podId: podIdOfGroup(recordOf(state, node.podGroupId).id),
    logKey: logKeyOf(plan, record.id, record.attempt),
    stepType: node.stepType,
    identifier: node.identifier,
    name: node.name,
    baseFqn: node.baseFqn,
    spec: initialize ? (isJsonObject(infra) ? infra : {}) : (record.spec ?? {}),
    pod: { infra: group?.kind === 'stepGroup' ? (group.pod?.infra ?? null) : null },
    podSteps: initialize ? podStepsOf(record.spec, nodes) : [],
    podEndsAt: nearestDeadline(nodes, state, node.podGroupId),
    previewPlanHash: task?.previewPlanHash ?? null,
    selectors: task?.selectors ?? [],
    delegateId: initialize ? null : podDelegate(nodes, state, node.podGroupId),
    deadlineAt,
    timeoutMs: Math.max(1_000, deadlineAt - at),
    secretToken: plan.run.secretToken,
  }
}

/** The effect that takes a group's pod away. */
export function submitCleanupTask(
  plan: ExecutionPlan,
  nodes: Nodes,
  state: ExecutionState,
  group: StepGroupNode,
): SubmitTaskEffect {
  const record = recordOf(state, group.id)
  return {
    type: 'submitTask',
    taskKind: 'pod.cleanup',
    attemptId: record.cleanup?.attemptId ?? record.id,
    nodeId: record.id,
    planNodeId: group.id,
    podId: podIdOfGroup(record.id),
    logKey: logKeyOf(plan, record.id, record.attempt),
    stepType: null,
    identifier: group.identifier,
    name: group.name,
    baseFqn: group.baseFqn,
    spec: {},
    pod: { infra: group.pod?.infra ?? null },
    podSteps: [],
    podEndsAt: nearestDeadline(nodes, state, group.id),
    previewPlanHash: null,
    selectors: initializeOf(nodes, group.id).flatMap((node) => recordOf(state, node.id).task?.selectors ?? []),
    delegateId: podDelegate(nodes, state, group.id),
    deadlineAt: null,
    timeoutMs: CLEANUP_TIMEOUT_MS,
    secretToken: plan.run.secretToken,
  }
}

/** Where the log of an attempt is kept. */
export function logKeyOf(plan: ExecutionPlan, nodeId: string, attempt: number): string {
  return `${plan.run.accountId}/${plan.run.executionId}/${nodeId}/${Math.max(1, attempt)}`
}

/** The step that makes a group's pod; none for a group without one. */
export function initializeOf(nodes: Nodes, groupId: string): StepNode[] {
  const first = nodes.get(nodes.get(groupId)?.children[0] ?? '')
  return first?.kind === 'step' && first.stepType === 'InitializePod' ? [first] : []
}

function nearestDeadline(nodes: Nodes, state: ExecutionState, groupId: string): number | null {
  const deadlines = ancestry(nodes, groupId).flatMap((level) => recordOf(state, level.id).deadlineAt ?? [])
  return deadlines.length === 0 ? null : Math.min(...deadlines)
}

function podDelegate(nodes: Nodes, state: ExecutionState, groupId: string): string | null {
  const [initialize] = initializeOf(nodes, groupId)
  return initialize === undefined ? null : (recordOf(state, initialize.id).delegate?.id ?? null)
}
