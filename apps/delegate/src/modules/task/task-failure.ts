import { isAppError, toFailure as failureOfError, type Failure } from '@sluice/contracts/errors'
import type { TaskResult } from '@sluice/contracts/tasks'

/** Anything thrown on the delegate, as the failure of a task. */
export function toFailure(error: unknown): Failure {
  if (isAppError(error)) return failureOfError(error)
  const reason = error instanceof Error ? error.message : String(error)
  return {
    code: 'INTERNAL',
    message: `The delegate failed in a way that is a mistake of ours: ${reason} Run the step again; if it stays, give the delegate's log to your administrator.`,
    failureTypes: ['Unknown'],
  }
}

export function failed(failure: Failure): TaskResult {
  return { outcome: 'failed', failure, outputs: {}, units: [] }
}
