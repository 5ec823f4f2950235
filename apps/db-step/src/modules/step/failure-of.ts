import { DatabaseError } from '@sluice/drivers/driver'
import { AppError, isAppError, toFailure, type Failure } from '@sluice/contracts/errors'

/** The failure that a thrown error stands for. An unknown error is ours and keeps its message: it ran in the customer's network. */
export function failureOf(error: unknown): Failure {
  if (isAppError(error)) return toFailure(error)
  if (error instanceof DatabaseError) return databaseFailure(error)
  const message = error instanceof Error ? error.message : String(error)
  return toFailure(
    new AppError(
      'INTERNAL',
      `The step failed in a way that is a mistake of ours: ${message} Look at the database before you run the step again; if it stays, give the step's log to your administrator.`,
    ),
  )
}

/** What the database said outside of a changeset's own statement: its message is the reason, the connection the hint. */
function databaseFailure(error: DatabaseError): Failure {
  return toFailure(
    error.connectionLost
      ? new AppError(
          'DATABASE_UNREACHABLE',
          `The connection to the database was lost: ${error.message} Look at the database and its log, then run the step again.`,
        )
      : new AppError(
          'DATABASE_FAILED',
          `The database refused what the step asked: ${error.message} Nothing of the changeset in question was kept.`,
        ),
  )
}
