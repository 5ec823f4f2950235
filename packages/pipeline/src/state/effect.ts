import type { Selector } from '@sluice/contracts/tasks'
import type { JsonObject } from '@sluice/expressions'
import type { PodPlan, StepType } from '../plan/execution-plan.ts'
import type { EngineTaskKind } from './event.ts'
import type { NodeStatus } from './node-status.ts'

/** A step that a pod must have a container for. */
export interface PodStep {
  readonly planNodeId: string
  readonly nodeId: string
  readonly identifier: string
  readonly stepType: StepType
  /** Fields that are known before any step of the group has run. */
  readonly spec: JsonObject
  /** Fields whose expressions need an output that isn't there yet. */
  readonly unresolved: readonly string[]
}

/** Hands a task to ng-manager. Idempotent by `attemptId` + `taskKind`. */
export interface SubmitTaskEffect {
  readonly type: 'submitTask'
  readonly taskKind: EngineTaskKind
  readonly attemptId: string
  readonly nodeId: string
  readonly planNodeId: string
  readonly podId: string
  /** `<account>/<execution>/<node execution>/<attempt>` */
  readonly logKey: string
  /** null: `pod.cleanup` */
  readonly stepType: StepType | null
  readonly identifier: string
  readonly name: string
  readonly baseFqn: string
  readonly spec: JsonObject
  readonly pod: PodPlan
  /** `pod.init`: the steps of the pod; else empty. */
  readonly podSteps: readonly PodStep[]
  /** Epoch ms at which the pod's group has ended for certain; null: nothing around it has a timeout. */
  readonly podEndsAt: number | null
  readonly previewPlanHash: string | null
  readonly selectors: readonly Selector[]
  /** Pins the task to the delegate that holds the pod. */
  readonly delegateId: string | null
  /** Epoch ms; null: `pod.cleanup`. */
  readonly deadlineAt: number | null
  /** Milliseconds from the event to the deadline. */
  readonly timeoutMs: number
  /** Proves the secret references in `spec`. Private between pipeline-service and ng-manager. */
  readonly secretToken: string
}

/** What the caller does after it has stored the new state. Repeating any of them is harmless. */
export type Effect =
  | SubmitTaskEffect
  | {
      readonly type: 'cancelTask'
      readonly taskKind: EngineTaskKind
      readonly attemptId: string
      readonly nodeId: string
      /** null: handing the task over hasn't been answered yet. */
      readonly taskId: string | null
      readonly reason: string
    }
  | { readonly type: 'startTimer'; readonly nodeId: string; readonly at: number }
  | { readonly type: 'executionFinished'; readonly status: NodeStatus; readonly at: number }

/** One change of status: an immutable row. */
export interface NodeTransition {
  readonly nodeId: string
  readonly planNodeId: string
  readonly from: NodeStatus
  readonly to: NodeStatus
  readonly at: number
  readonly reason: string
}
