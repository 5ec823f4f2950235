import type { DatabaseError } from '@sluice/drivers/driver'
import { formatChangeSetId } from '../model/change-log.ts'
import { formatPosition } from '../model/position.ts'
import type { SourceText } from '../model/source-text.ts'
import type { PreparedStep } from '../plan/prepare.ts'
import type { ChangeSetFailure, FailureReason } from './events.ts'

/** What was being done when the database refused. */
export interface Attempted {
  step: PreparedStep
  /** The statement, or undefined for the history row and the transaction itself. */
  statement: SourceText | undefined
  statementIndex: number | undefined
  outcome: ChangeSetFailure['outcome']
  lockTimeoutMs: number
  aborted: boolean
}

/** Longer statements are cut in the failure; the place says where to read on. */
const STATEMENT_LENGTH = 4_000

/** Turns the database's error into one with an address and a next step. */
export function describeFailure(error: DatabaseError, attempted: Attempted): ChangeSetFailure {
  const { step, statement } = attempted
  const reason = failureReason(error, attempted)
  const at =
    statement === undefined
      ? step.changeSet.at
      : statement.at(error.position === null ? 0 : offsetOf(statement.text, error.position))
  const name = formatChangeSetId(step.planned.changeSet)
  return {
    code: CODES[reason],
    reason,
    sentence: `Changeset "${name}" failed at ${formatPosition(at)}: ${error.message}. ${nextStep(reason, attempted)}`,
    changeSet: step.planned.changeSet,
    at,
    statement: statement === undefined ? null : statement.text.slice(0, STATEMENT_LENGTH),
    statementIndex: attempted.statementIndex ?? null,
    database: {
      message: error.message,
      sqlState: error.sqlState,
      position: error.position,
      detail: error.detail,
      hint: error.hint,
    },
    outcome: attempted.outcome,
  }
}

const CODES: Readonly<Record<FailureReason, ChangeSetFailure['code']>> = {
  STATEMENT_FAILED: 'STATEMENT_FAILED',
  LOCK_TIMEOUT: 'STATEMENT_FAILED',
  PERMISSION_DENIED: 'DATABASE_PRIVILEGE_MISSING',
  CONNECTION_LOST: 'DATABASE_UNREACHABLE',
  PRECONDITION_FAILED: 'INVALID_STATE',
  HISTORY_NOT_WRITTEN: 'DATABASE_PRIVILEGE_MISSING',
  ABORTED: 'ABORTED',
}

function failureReason(error: DatabaseError, { aborted, statement }: Attempted): FailureReason {
  if (aborted && error.sqlState === '57014') return 'ABORTED'
  if (error.connectionLost) return 'CONNECTION_LOST'
  if (error.sqlState === '55P03') return 'LOCK_TIMEOUT'
  if (error.sqlState === '42501' || error.sqlState === '25006') return 'PERMISSION_DENIED'
  return statement === undefined ? 'HISTORY_NOT_WRITTEN' : 'STATEMENT_FAILED'
}

function nextStep(reason: FailureReason, { outcome, lockTimeoutMs }: Attempted): string {
  return `${consequence(outcome)} ${advice(reason, lockTimeoutMs)}`
}

function consequence(outcome: ChangeSetFailure['outcome']): string {
  switch (outcome) {
    case 'rolledBack':
      return 'It was rolled back whole.'
    case 'partlyApplied':
      return 'It runs outside a transaction, so what it did before stays: look at the database before you run it again (a failed CREATE INDEX CONCURRENTLY leaves an invalid index to drop).'
    case 'unknown':
      return 'The connection broke while it was being committed: whether it counts is in the history table.'
    case 'notStarted':
      return 'It was not started.'
  }
}

function advice(reason: FailureReason, lockTimeoutMs: number): string {
  switch (reason) {
    case 'STATEMENT_FAILED':
      return 'Correct the statement and run again.'
    case 'LOCK_TIMEOUT':
      return `Another session held a lock for longer than ${lockTimeoutMs} ms. Run again when it has ended.`
    case 'PERMISSION_DENIED':
      return 'Give the account the right, or use another one.'
    case 'CONNECTION_LOST':
      return 'Check the database and the network, and run again.'
    case 'PRECONDITION_FAILED':
      return 'Change the database so that the precondition holds, or change its onFail.'
    case 'HISTORY_NOT_WRITTEN':
      return 'Its row of the history could not be written.'
    case 'ABORTED':
      return 'Run again to carry on.'
  }
}

/** The server counts characters; JavaScript counts UTF-16 units. */
function offsetOf(text: string, position: number): number {
  let offset = 0
  for (let character = 1; character < position && offset < text.length; character += 1) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1
  }
  return offset
}
