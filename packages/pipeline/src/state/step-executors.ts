import { evaluateTree, ExpressionError, isJsonObject, type JsonObject, type JsonValue } from '@sluice/expressions'
import { lazyScope } from '../context/outputs-context.ts'
import type { ExecutionPlan, PlanNode, StepNode, StepType } from '../plan/execution-plan.ts'
import { CONTAINER_FIELDS } from '../yaml/step.ts'
import type { PodStep } from './effect.ts'
import { type ExecutionState, recordOf } from './execution-state.ts'
import type { StepTaskKind } from './node-record.ts'

/** What a step sees when it starts. */
export interface StepStart {
  readonly plan: ExecutionPlan
  readonly nodes: ReadonlyMap<string, PlanNode>
  readonly state: ExecutionState
}

/** What a step hands to its task. */
export interface PreparedStep {
  readonly spec: JsonObject
  readonly previewPlanHash: string | null
}

/** How a kind of step runs. Throws ExpressionError for parameters that can't be resolved; the step fails with it. */
export interface StepExecutor {
  readonly taskKind: StepTaskKind
  prepare(node: StepNode, start: StepStart): PreparedStep
}

/** Every kind of step has an executor, or this doesn't compile. */
export const STEP_EXECUTORS: Readonly<Record<StepType, StepExecutor>> = {
  InitializePod: { taskKind: 'pod.init', prepare: prepareInitialize },
  DBSchemaApply: {
    taskKind: 'pod.execute',
    prepare: (node, start) => {
      const spec = evaluateSpec(node, start)
      return { spec, previewPlanHash: findPreviewPlanHash(spec, start) }
    },
  },
  DBSchemaUpdateSQL: {
    taskKind: 'pod.execute',
    prepare: (node, start) => ({ spec: evaluateSpec(node, start), previewPlanHash: null }),
  },
}

function evaluateSpec(node: StepNode, { plan, state }: StepStart): JsonObject {
  const scope = lazyScope(plan, state, node.id, plan.run.secretToken)
  const spec = evaluateTree(node.spec, scope, 'spec')
  return isJsonObject(spec) ? spec : {}
}

/** The plan that a preview of this execution made for the same database, latest first: an apply runs exactly it. */
function findPreviewPlanHash(spec: JsonObject, { nodes, state }: StepStart): string | null {
  let latest: { endedAt: number; hash: string } | undefined
  for (const node of nodes.values()) {
    if (node.kind !== 'step' || node.stepType !== 'DBSchemaUpdateSQL') continue
    const record = recordOf(state, node.id)
    const hash = record.outputs?.['planHash']
    const same = record.spec?.['dbSchema'] === spec['dbSchema'] && record.spec?.['dbInstance'] === spec['dbInstance']
    if (record.status !== 'SUCCEEDED' || !same || typeof hash !== 'string' || hash === '') continue
    if (latest === undefined || (record.endedAt ?? 0) >= latest.endedAt) latest = { endedAt: record.endedAt ?? 0, hash }
  }
  return latest?.hash ?? null
}

/** A pod is made for all steps of its group, before any of them has run. */
function prepareInitialize(node: StepNode, start: StepStart): PreparedStep {
  const steps = [...start.nodes.values()]
    .filter(
      (other): other is StepNode =>
        other.kind === 'step' && other.podGroupId === node.podGroupId && other.id !== node.id,
    )
    .map((step) => podStep(step, start))
  return { spec: { infra: evaluateSpec(node, start), steps: steps.map(podStepToJson) }, previewPlanHash: null }
}

function podStep(step: StepNode, start: StepStart): PodStep {
  const scope = lazyScope(start.plan, start.state, step.id, start.plan.run.secretToken)
  const spec: Record<string, JsonValue> = {}
  const unresolved: string[] = []
  for (const [field, value] of Object.entries(step.spec)) {
    try {
      spec[field] = evaluateTree(value, scope, field)
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      if (CONTAINER_FIELDS.includes(field)) {
        throw new ExpressionError(
          error.code,
          `The container of the step "${step.identifier}" can't be made before the group's steps run: ${error.message}`,
          { expression: error.expression, segment: error.segment },
        )
      }
      unresolved.push(field)
    }
  }
  const nodeId = recordOf(start.state, step.id).id
  return { planNodeId: step.id, nodeId, identifier: step.identifier, stepType: step.stepType, spec, unresolved }
}

function podStepToJson(step: PodStep): JsonObject {
  return { ...step }
}

/** Reads back what {@link prepareInitialize} stored. */
export function podStepsOf(spec: JsonObject | null, nodes: ReadonlyMap<string, PlanNode>): PodStep[] {
  const steps = spec?.['steps']
  if (!Array.isArray(steps)) return []
  return steps.flatMap((step: JsonValue) => {
    if (!isJsonObject(step)) return []
    const { planNodeId, nodeId, spec: resolved, unresolved } = step
    const node = typeof planNodeId === 'string' ? nodes.get(planNodeId) : undefined
    if (node?.kind !== 'step' || typeof nodeId !== 'string' || !isJsonObject(resolved) || !Array.isArray(unresolved))
      return []
    return [
      {
        planNodeId: node.id,
        nodeId,
        identifier: node.identifier,
        stepType: node.stepType,
        spec: resolved,
        unresolved: unresolved.map(String),
      },
    ]
  })
}
