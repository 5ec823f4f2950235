import {
  type ExecutionDetail,
  type GraphNode,
  type LayoutNode,
  type NodeFailure,
  type UnitProgress,
  UnitStatus,
} from '@sluice/contracts/execution-graph'
import { isJsonObject, type JsonObject } from '@sluice/expressions'
import { type ExecutionPlan, indexPlan, type PlanNode } from '../plan/execution-plan.ts'
import { type ExecutionState, recordOf } from '../state/execution-state.ts'
import type { NodeRecord, NodeUnit } from '../state/node-record.ts'
import { isActive } from '../state/node-status.ts'
import { logKeyOf } from '../state/submit-task.ts'
import { publicExecutionStatus, publicNodeStatus, publicSummaryStatus } from './public-status.ts'
import { redactSecrets } from './redact-secrets.ts'

/**
 * The execution as the public API shows it. Nodes are keyed by node execution id; `children` holds the first child, whose
 * `nextIds` lead on to its siblings, as published. Secret references are shown as the author wrote them.
 * @param options.stageNodeId only this stage's part of the graph (the summary is always whole); an unknown id shows all
 */
export function toExecutionGraph(
  plan: ExecutionPlan,
  state: ExecutionState,
  options: { stageNodeId?: string } = {},
): ExecutionDetail {
  const nodes = indexPlan(plan)
  const root = recordOf(state, plan.rootId)
  const rootNode = nodes.get(plan.rootId)
  const stageIds = rootNode?.children ?? []
  const stages = stageIds.map((id) => recordOf(state, id))
  const chosen = stages.find((stage) => stage.id === options.stageNodeId)
  const shown = plan.nodes.filter((node) => chosen === undefined || isInside(node, chosen.planNodeId, nodes))
  const count = (statuses: readonly string[]) => stages.filter((stage) => statuses.includes(stage.status)).length
  const { run } = plan
  return {
    pipelineExecutionSummary: {
      planExecutionId: run.executionId,
      pipelineIdentifier: plan.pipeline.identifier,
      name: plan.pipeline.name,
      orgIdentifier: plan.pipeline.orgIdentifier,
      projectIdentifier: plan.pipeline.projectIdentifier,
      runSequence: run.sequenceId,
      status: publicExecutionStatus(root.status),
      startTs: root.startedAt ?? run.startTs,
      endTs: root.endedAt,
      failureInfo: failureInfo(root),
      executionTriggerInfo: {
        triggerType: run.triggerType,
        triggeredBy: {
          identifier: run.triggeredBy.identifier ?? run.triggeredBy.name,
          name: run.triggeredBy.name,
          email: run.triggeredBy.email ?? null,
        },
      },
      inputs: [...(run.inputs ?? [])],
      layoutNodeMap: Object.fromEntries(
        stageIds.flatMap((id, index) => {
          const node = nodes.get(id)
          if (node === undefined) return []
          const record = recordOf(state, id)
          const next = stages[index + 1]
          return [[record.id, layoutNode(node, record, next === undefined ? [] : [next.id])]]
        }),
      ),
      startingNodeId: stages[0]?.id ?? '',
      totalStagesCount: stages.length,
      successfulStagesCount: count(['SUCCEEDED', 'IGNORE_FAILED']),
      failedStagesCount: count(['FAILED', 'ABORTED', 'EXPIRED', 'APPROVAL_REJECTED']),
      runningStagesCount: count(['RUNNING', 'ABORTING']),
    },
    executionGraph: {
      rootNodeId: chosen?.id ?? root.id,
      nodeMap: Object.fromEntries(
        shown.map((node) => {
          const record = recordOf(state, node.id)
          return [record.id, graphNode(plan, node, record)]
        }),
      ),
      nodeAdjacencyListMap: Object.fromEntries(
        shown.map((node) => {
          const first = node.children[0]
          const next = node.id === chosen?.planNodeId ? undefined : nextSibling(node, nodes)
          return [
            recordOf(state, node.id).id,
            {
              children: first === undefined ? [] : [recordOf(state, first).id],
              nextIds: next === undefined ? [] : [recordOf(state, next).id],
            },
          ]
        }),
      ),
    },
  }
}

function isInside(node: PlanNode, ancestorId: string, nodes: ReadonlyMap<string, PlanNode>): boolean {
  for (let current: PlanNode | undefined = node; current !== undefined; current = nodes.get(current.parentId ?? '')) {
    if (current.id === ancestorId) return true
  }
  return false
}

function nextSibling(node: PlanNode, nodes: ReadonlyMap<string, PlanNode>): string | undefined {
  const siblings = nodes.get(node.parentId ?? '')?.children ?? []
  return siblings[siblings.indexOf(node.id) + 1]
}

function layoutNode(node: PlanNode, record: NodeRecord, nextIds: string[]): LayoutNode {
  return {
    nodeType: node.kind === 'stage' ? node.stageType : node.kind,
    nodeGroup: 'STAGE',
    nodeIdentifier: node.identifier,
    name: node.name,
    nodeUuid: record.id,
    baseFqn: node.baseFqn,
    status: publicSummaryStatus(record.status),
    startTs: record.startedAt,
    endTs: record.endedAt,
    failureInfo: failureInfo(record),
    edgeLayoutList: { currentNodeChildren: [], nextIds },
  }
}

function graphNode(plan: ExecutionPlan, node: PlanNode, record: NodeRecord): GraphNode {
  const condition = node.when?.condition
  return {
    uuid: record.id,
    setupId: node.id,
    name: node.name,
    identifier: node.identifier,
    baseFqn: node.baseFqn,
    stepType: stepTypeOf(node),
    status: publicNodeStatus(record.status),
    startTs: record.startedAt,
    endTs: record.endedAt,
    failureInfo: failureInfo(record),
    outcomes: record.outputs === null ? {} : { output: redacted(record.outputs) },
    stepParameters: node.kind === 'step' ? redacted(parametersOf(node, record)) : null,
    unitProgresses: record.units.map(unitProgress),
    changesetProgress: changesetProgress(record),
    progressData: progressData(record),
    delegateInfoList: record.delegate === null ? [] : [{ ...record.delegate, taskId: record.task?.taskId ?? null }],
    logBaseKey: logKeyOf(plan, record.id, record.attempt),
    skipInfo: record.skipReason === null ? null : { reason: record.skipReason },
    nodeRunInfo:
      condition == null || record.endedAt === null
        ? null
        : { whenCondition: condition, evaluatedCondition: record.status !== 'SKIPPED' },
    retryCount: Math.max(0, record.attempt - 1),
  }
}

function changesetProgress({ changesets }: NodeRecord): GraphNode['changesetProgress'] {
  return changesets === undefined
    ? null
    : { done: changesets.done, total: changesets.total, current: changesets.current }
}

/** What a node that has begun waits for. */
function progressData({ status, stop, task }: NodeRecord): GraphNode['progressData'] {
  if (!isActive(status)) return null
  if (stop !== null) return { message: stop.message }
  if (task === null || task.phase === 'running') return null
  const message =
    task.waitingFor ??
    (task.phase === 'submitting'
      ? 'What the step refers to is looked up: schema, instance, connectors, git.'
      : 'A delegate is asked to take it.')
  return { message }
}

function redacted(value: JsonObject): JsonObject {
  const shown = redactSecrets(value)
  return isJsonObject(shown) ? shown : {}
}

/** Resolved parameters once the step has started, else as written. */
function parametersOf(node: Extract<PlanNode, { kind: 'step' }>, record: NodeRecord): JsonObject {
  return record.spec ?? node.spec
}

/** Names of the published graph for what is no step. */
function stepTypeOf(node: PlanNode): string {
  switch (node.kind) {
    case 'pipeline':
      return 'PIPELINE_SECTION'
    case 'stage':
      return `${node.stageType.toUpperCase()}_STAGE`
    case 'stepGroup':
      return 'STEP_GROUP'
    case 'step':
      return node.stepType
  }
}

function unitProgress(unit: NodeUnit): UnitProgress {
  const status = UnitStatus.safeParse(unit.status)
  return {
    unitName: unit.name,
    // A delegate of another version may know more; what is shown is whether it goes on.
    status: status.success ? status.data : unit.endedAt === undefined ? 'running' : 'succeeded',
    startTime: unit.startedAt,
    endTime: unit.endedAt ?? null,
  }
}

function failureInfo({ failure }: NodeRecord): NodeFailure | null {
  if (failure === null) return null
  const { message, code, failureTypes } = failure
  return { message, code, failureTypeList: failureTypes }
}
