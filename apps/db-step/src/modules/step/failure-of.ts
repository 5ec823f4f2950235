import { DatabaseError } from '@sluice/drivers/driver'
import { isAppError, type ErrorCode, type Failure, type FailureType } from '@sluice/contracts/errors'

const TYPES: Partial<Record<ErrorCode, FailureType>> = {
  GIT_AUTHENTICATION_FAILED: 'Authentication',
  GIT_UNREACHABLE: 'Connectivity',
  DATABASE_UNREACHABLE: 'Connectivity',
  DATABASE_AUTHENTICATION_FAILED: 'Authentication',
  DATABASE_PRIVILEGE_MISSING: 'Authorization',
  SECRET_NOT_OPENED: 'Authentication',
  PLAN_MOVED: 'Verification',
  CHECKSUM_CHANGED: 'Verification',
  CHANGELOG_INVALID: 'Verification',
  CHANGELOG_LOCKED: 'Timeout',
  STEP_TIMED_OUT: 'Timeout',
}

/** The failure that a thrown error stands for. An unknown error is ours and keeps its message: it ran in the customer's network. */
export function failureOf(error: unknown): Failure {
  if (isAppError(error)) {
    const details = error.details === undefined ? {} : { details: error.details }
    return { code: error.code, message: error.message, failureTypes: [TYPES[error.code] ?? 'Unknown'], ...details }
  }
  if (error instanceof DatabaseError) return databaseFailure(error)
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'INTERNAL', message: `The step failed in a way nobody foresaw: ${message}`, failureTypes: ['Unknown'] }
}

/** What the database said outside of a changeset's own statement: its message is the reason, the connection the hint. */
function databaseFailure(error: DatabaseError): Failure {
  return error.connectionLost
    ? {
        code: 'DATABASE_UNREACHABLE',
        message: `The connection to the database was lost: ${error.message} Look at the database and its log, then run the step again.`,
        failureTypes: ['Connectivity'],
      }
    : {
        code: 'DATABASE_FAILED',
        message: `The database refused what the step asked: ${error.message} Nothing of the changeset in question was kept.`,
        failureTypes: ['Unknown'],
      }
}
