import { isAppError, type ErrorCode, type Failure, type FailureType } from '@sluice/contracts/errors'
import type { TaskResult } from '@sluice/contracts/tasks'

const TYPES: Partial<Record<ErrorCode, FailureType>> = {
  SECRET_NOT_OPENED: 'Authorization',
  POD_INIT_FAILED: 'DelegateProvisioning',
  POD_LOST: 'DelegateRestart',
  DELEGATE_LOST: 'DelegateRestart',
  ABORTED: 'UserMarkedFailure',
}

/** Anything thrown on the delegate, as the failure of a task. */
export function toFailure(error: unknown): Failure {
  if (isAppError(error)) {
    return {
      code: error.code,
      message: error.message,
      failureTypes: [TYPES[error.code] ?? 'Unknown'],
      details: error.details,
    }
  }
  const reason = error instanceof Error ? error.message : String(error)
  return {
    code: 'INTERNAL',
    message: `The delegate failed: ${reason} Its log has the details.`,
    failureTypes: ['Unknown'],
  }
}

export function failed(failure: Failure): TaskResult {
  return { outcome: 'failed', failure, outputs: {}, units: [] }
}
