import {
  type ContextObject,
  type ContextValue,
  type EvaluationScope,
  type JsonObject,
  template,
} from '@sluice/expressions'
import { type ExecutionPlan, indexPlan, type PlanNode, type PlanVariable } from '../plan/execution-plan.ts'
import { type ExecutionState, recordOf } from '../state/execution-state.ts'
import { isFailure, isFinal } from '../state/node-status.ts'
import { publicNodeStatus, publicSummaryStatus } from '../graph/public-status.ts'

/**
 * What expressions of a node see: `pipeline`, `stage`, `execution`, `steps`, `stepGroup`, `step`, `account`, `org`,
 * `project`. Variables are the author's text and are evaluated when looked up; outputs are data and never are.
 */
export function outputsContext(plan: ExecutionPlan, state: ExecutionState, planNodeId: string): ContextObject {
  const builder: Builder = { nodes: indexPlan(plan), state }
  const path = ancestry(builder.nodes, planNodeId)
  const stage = path.find((node) => node.kind === 'stage')
  const group = path.findLast((node) => node.kind === 'stepGroup' && !node.implicit)
  const step = path.find((node) => node.kind === 'step')
  const pipeline = pipelineContext(plan, builder)
  const stageContext = stage === undefined ? undefined : nodeContext(stage, builder)
  const groupContext = group === undefined ? undefined : nodeContext(group, builder)
  const execution = stage === undefined ? undefined : executionContext(stage, builder)
  const siblings = group ?? stage
  return {
    pipeline,
    account: { identifier: plan.run.accountId },
    org: { identifier: plan.pipeline.orgIdentifier },
    project: { identifier: plan.pipeline.projectIdentifier },
    ...(stageContext === undefined ? {} : { stage: stageContext }),
    ...(execution === undefined ? {} : { execution }),
    ...(siblings === undefined ? {} : { steps: stepsContext(siblings, builder) }),
    ...(groupContext === undefined ? {} : { stepGroup: groupContext }),
    ...(step === undefined ? {} : { step: { identifier: step.identifier, name: step.name } }),
  }
}

/** A scope whose context is built when an expression first looks something up: most fields hold none. */
export function lazyScope(
  plan: ExecutionPlan,
  state: ExecutionState,
  planNodeId: string,
  secretToken?: string,
): EvaluationScope {
  let context: ContextObject | undefined
  return {
    get context() {
      context ??= outputsContext(plan, state, planNodeId)
      return context
    },
    ...(secretToken === undefined ? {} : { secretToken }),
  }
}

interface Builder {
  readonly nodes: ReadonlyMap<string, PlanNode>
  readonly state: ExecutionState
}

/** The nodes from the root down to this one. */
export function ancestry(nodes: ReadonlyMap<string, PlanNode>, planNodeId: string): PlanNode[] {
  const path: PlanNode[] = []
  for (
    let node = nodes.get(planNodeId);
    node !== undefined;
    node = node.parentId === null ? undefined : nodes.get(node.parentId)
  ) {
    path.unshift(node)
  }
  return path
}

/** How a node went so far: as it ended, or while it runs as its parts that are over say. An ignored failure is none. */
export function hasFailed(node: PlanNode, nodes: ReadonlyMap<string, PlanNode>, state: ExecutionState): boolean {
  const { status } = recordOf(state, node.id)
  if (isFinal(status)) return isFailure(status)
  return children(node, nodes).some((child) => hasFailed(child, nodes, state))
}

function pipelineContext(plan: ExecutionPlan, builder: Builder): ContextObject {
  const root = builder.nodes.get(plan.rootId)
  const { run } = plan
  const stages = root === undefined ? [] : children(root, builder.nodes)
  return {
    identifier: plan.pipeline.identifier,
    name: plan.pipeline.name,
    orgIdentifier: plan.pipeline.orgIdentifier,
    projectIdentifier: plan.pipeline.projectIdentifier,
    tags: plan.pipeline.tags,
    variables: variablesContext(root?.variables ?? []),
    executionId: run.executionId,
    sequenceId: run.sequenceId,
    startTs: run.startTs,
    triggerType: run.triggerType,
    triggeredBy: {
      name: run.triggeredBy.name,
      email: run.triggeredBy.email ?? null,
      identifier: run.triggeredBy.identifier ?? null,
    },
    ...(run.executionUrl === undefined ? {} : { executionUrl: run.executionUrl }),
    ...(root === undefined ? {} : { currentStatus: currentStatus(root, builder) }),
    stages: Object.fromEntries(stages.map((stage) => [stage.identifier, nodeContext(stage, builder)])),
  }
}

function nodeContext(node: PlanNode, builder: Builder): ContextObject {
  const record = recordOf(builder.state, node.id)
  const own: ContextObject = {
    identifier: node.identifier,
    name: node.name,
    status: publicNodeStatus(record.status),
    startTs: record.startedAt,
    endTs: record.endedAt,
  }
  switch (node.kind) {
    case 'step': {
      const outputs: JsonObject = record.outputs ?? {}
      return { ...own, type: node.stepType, output: { ...outputs, outputVariables: outputs } }
    }
    case 'stepGroup':
      return { ...own, variables: variablesContext(node.variables), steps: stepsContext(node, builder) }
    case 'stage':
      return {
        ...own,
        variables: variablesContext(node.variables),
        currentStatus: currentStatus(node, builder),
        spec: { execution: executionContext(node, builder) },
      }
    case 'pipeline':
      return own
  }
}

function executionContext(stage: PlanNode, builder: Builder): ContextObject {
  return { steps: stepsContext(stage, builder) }
}

/** Steps and groups as people wrote them: an implicit group is not part of any path. */
function stepsContext(parent: PlanNode, builder: Builder): ContextObject {
  const entries: [string, ContextValue][] = []
  for (const child of children(parent, builder.nodes)) {
    const node = child.kind === 'stepGroup' && child.implicit ? children(child, builder.nodes).find(isAuthored) : child
    if (node !== undefined && isAuthored(node)) entries.push([node.identifier, nodeContext(node, builder)])
  }
  return Object.fromEntries(entries)
}

function isAuthored(node: PlanNode): boolean {
  return node.kind !== 'step' || node.stepType !== 'InitializePod'
}

function children(node: PlanNode, nodes: ReadonlyMap<string, PlanNode>): PlanNode[] {
  return node.children.flatMap((id) => nodes.get(id) ?? [])
}

function currentStatus(node: PlanNode, builder: Builder): string {
  return hasFailed(node, builder.nodes, builder.state) ? 'FAILED' : publicSummaryStatus('RUNNING').toUpperCase()
}

function variablesContext(variables: readonly PlanVariable[]): ContextObject {
  return Object.fromEntries(
    variables.map(({ name, value }) => [name, typeof value === 'string' ? template(value) : value]),
  )
}
