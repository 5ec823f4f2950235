import type { UsedInput } from '@sluice/contracts/execution-graph'
import type { JsonObject } from '@sluice/expressions'
import type { FailureStrategy } from '../yaml/flow.ts'
import type { AuthoredStepType } from '../yaml/step.ts'
import type { StepGroupInfra } from '../yaml/step-group.ts'

/** Kinds of steps that run; `InitializePod` is made by the plan, the others are written by people. */
export type StepType = 'InitializePod' | AuthoredStepType

/** What a run knows beside the pipeline. Ids, time and randomness come from the caller. */
export interface RunContext {
  readonly executionId: string
  readonly accountId: string
  /** Random, 32 to 64 URL-safe characters, made for this execution; see `secretReference`. Private. */
  readonly secretToken: string
  /** Number of this run among the pipeline's runs, from 1. */
  readonly sequenceId: number
  /** Epoch ms. */
  readonly startTs: number
  readonly triggeredBy: { readonly name: string; readonly identifier?: string; readonly email?: string }
  /** `MANUAL`, `WEBHOOK`, … */
  readonly triggerType: string
  readonly executionUrl?: string
  /** Values of run-time inputs, for whoever reads the execution. Absent in plans of before they were kept. */
  readonly inputs?: readonly UsedInput[]
}

export interface PlanWhen {
  /** Whose fate so far decides. */
  readonly scope: 'pipeline' | 'stage'
  readonly status: 'Success' | 'Failure' | 'All'
  readonly condition: string | null
}

/** A variable as the author wrote it; text is evaluated when it is looked up. */
export interface PlanVariable {
  readonly name: string
  readonly value: string | number
}

interface PlanNodeBase {
  /** Stable in the pipeline: its identifiers joined. The same node has the same id in every run. */
  readonly id: string
  readonly identifier: string
  readonly name: string
  /** Path that expressions use. */
  readonly baseFqn: string
  readonly parentId: string | null
  /** Ids, in order. */
  readonly children: readonly string[]
  /** As written (`10m`, or an expression), or the default; null: only its parents' limits. */
  readonly timeout: string | null
  readonly when: PlanWhen | null
  readonly failureStrategies: readonly FailureStrategy[]
  /** As written: a list, or an expression that gives one. */
  readonly delegateSelectors: readonly string[] | string
  readonly variables: readonly PlanVariable[]
}

export interface PipelineNode extends PlanNodeBase {
  readonly kind: 'pipeline'
}
export interface StageNode extends PlanNodeBase {
  readonly kind: 'stage'
  readonly stageType: 'Custom'
}
export interface StepGroupNode extends PlanNodeBase {
  readonly kind: 'stepGroup'
  /** Present: the group has a pod, and its first child is the step that makes it. */
  readonly pod: PodPlan | null
  /** Made around a lone step that needs a pod; not part of any path. */
  readonly implicit: boolean
}
export interface StepNode extends PlanNodeBase {
  readonly kind: 'step'
  readonly stepType: StepType
  /** As written, expressions included; they are evaluated when the node starts. */
  readonly spec: JsonObject
  /** The group whose pod the step runs in, or makes. */
  readonly podGroupId: string
}
export type PlanNode = PipelineNode | StageNode | StepGroupNode | StepNode

/** How a pod is made. `infra` null: the delegate's default runtime. */
export interface PodPlan {
  readonly infra: StepGroupInfra | null
}

/** A pipeline made ready to run. Plain JSON; stored with the execution, so a later edit changes nothing that runs. */
export interface ExecutionPlan {
  readonly schemaVersion: 1
  readonly run: RunContext
  readonly pipeline: {
    readonly identifier: string
    readonly name: string
    readonly orgIdentifier: string | null
    readonly projectIdentifier: string | null
    readonly tags: Readonly<Record<string, string>>
  }
  readonly rootId: string
  /** Parents before children, children in order. */
  readonly nodes: readonly PlanNode[]
}

/** Nodes of a plan by id. */
export function indexPlan(plan: ExecutionPlan): ReadonlyMap<string, PlanNode> {
  return new Map(plan.nodes.map((node) => [node.id, node]))
}
