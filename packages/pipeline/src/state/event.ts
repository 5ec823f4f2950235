import type { Failure } from '@sluice/contracts/errors'
import type { JsonObject } from '@sluice/expressions'
import type { NodeUnit, StepTaskKind } from './node-record.ts'

export type EngineTaskKind = StepTaskKind | 'pod.cleanup'

/** How a task ended; the result that a delegate sends fits. */
export type EngineTaskResult =
  | { readonly outcome: 'succeeded'; readonly outputs?: JsonObject; readonly units?: readonly NodeUnit[] }
  | {
      readonly outcome: 'failed'
      readonly failure: Failure
      readonly outputs?: JsonObject
      readonly units?: readonly NodeUnit[]
    }

/** What happens to an execution. `at` is epoch ms and never goes back further than clocks differ. */
export type ExecutionEvent = { readonly at: number } & (
  | { readonly type: 'executionStarted' }
  /** A timer passed, or the reconciler looked. All that is due is acted on, whichever node is named. */
  | { readonly type: 'nodeDue'; readonly nodeId?: string }
  | {
      readonly type: 'taskSubmitted'
      readonly attemptId: string
      readonly taskKind: EngineTaskKind
      readonly taskId: string
    }
  | {
      readonly type: 'taskSubmitFailed'
      readonly attemptId: string
      readonly taskKind: EngineTaskKind
      readonly failure: Failure
    }
  | {
      readonly type: 'taskWaiting'
      readonly attemptId: string
      readonly taskKind?: EngineTaskKind
      readonly message: string
    }
  | {
      readonly type: 'taskAssigned'
      readonly attemptId: string
      readonly taskKind?: EngineTaskKind
      readonly delegate: { readonly id: string; readonly name: string }
    }
  | {
      readonly type: 'taskFinished'
      readonly attemptId: string
      readonly taskKind: EngineTaskKind
      readonly delegate?: { readonly id: string; readonly name: string }
      readonly result: EngineTaskResult
    }
  | {
      readonly type: 'taskLost'
      readonly attemptId: string
      readonly taskKind: EngineTaskKind
      readonly message: string
    }
  | { readonly type: 'abortRequested'; readonly by: string; readonly reason?: string }
)
