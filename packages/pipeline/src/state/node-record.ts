import type { ChangesetProgress } from '@sluice/contracts/execution-graph'
import type { Failure } from '@sluice/contracts/errors'
import type { Selector } from '@sluice/contracts/tasks'
import type { JsonObject } from '@sluice/expressions'
import type { NodeStatus } from './node-status.ts'

export type StepTaskKind = 'pod.init' | 'pod.execute'

/** The delegate task that a step waits for. */
export interface NodeTask {
  readonly kind: StepTaskKind
  readonly attemptId: string
  readonly phase: 'submitting' | 'submitted' | 'running' | 'finished'
  readonly taskId: string | null
  /** Why no delegate has taken it yet. */
  readonly waitingFor: string | null
  readonly selectors: readonly Selector[]
  /** Apply: hash of the plan that a preview of this execution made for the same database. */
  readonly previewPlanHash: string | null
  /** Epoch ms: the nearest limit of the step and everything around it. */
  readonly deadlineAt: number
}

/** Why a node that runs is being ended. */
export interface NodeStop {
  readonly cause: 'abort' | 'timeout'
  /** Plan node that was aborted or ran into its timeout: the node itself or one around it. */
  readonly originId: string
  readonly message: string
  /** Who aborted; null for a timeout. */
  readonly by: string | null
  readonly requestedAt: number
  /** Steps: epoch ms until which the result of the cancelled task is waited for. */
  readonly graceUntil: number
}

/** The task that takes a pod away; the execution doesn't wait for it. */
export interface PodCleanup {
  readonly attemptId: string
  readonly phase: 'submitting' | 'submitted' | 'finished' | 'failed'
  readonly taskId: string | null
  /** How often handing the task over has failed. */
  readonly failedSubmissions: number
}

/** Part of a step with a status of its own, in the order they ran. */
export interface NodeUnit {
  readonly name: string
  readonly status: string
  readonly startedAt: number
  readonly endedAt?: number
}

/** One node execution: a row. Plain JSON, immutable; times are epoch ms. */
export interface NodeRecord {
  readonly id: string
  readonly planNodeId: string
  readonly status: NodeStatus
  /** Grows by one with every stored change; writes compare it. */
  readonly version: number
  /** 0 until the node starts. */
  readonly attempt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly deadlineAt: number | null
  /** Parameters with expressions evaluated; secrets are references with the execution's token. */
  readonly spec: JsonObject | null
  readonly outputs: JsonObject | null
  readonly failure: Failure | null
  readonly skipReason: string | null
  readonly task: NodeTask | null
  readonly delegate: { readonly id: string; readonly name: string } | null
  readonly units: readonly NodeUnit[]
  /** How far a database step has come, and the number of the event that said so. Absent: it never said. */
  readonly changesets?: ChangesetProgress & { readonly sequence: number }
  readonly stop: NodeStop | null
  readonly cleanup: PodCleanup | null
}

/** Id of an attempt: the node execution and the number of the attempt. Delivering the same one twice is one attempt. */
export function attemptIdOf(nodeId: string, attempt: number): string {
  return `${nodeId}-${attempt}`
}

/** Node execution of an attempt; undefined for text that is no attempt id. */
export function nodeIdOfAttempt(attemptId: string): string | undefined {
  return /^(.+)-\d{1,6}$/.exec(attemptId)?.[1]
}

/** Pod of a containerised group: derived, so that init, execute and cleanup name the same one. */
export function podIdOfGroup(groupNodeId: string): string {
  return `pod-${groupNodeId.slice(groupNodeId.indexOf('-') + 1)}`
}
