import type { ExecType } from '../history/history-row.ts'
import type { ChangeSetId } from '../model/change-log.ts'
import type { Position } from '../model/position.ts'

export interface AppliedChangeSet {
  changeSet: ChangeSetId
  at: Position
  execType: ExecType
  checksum: string
  orderExecuted: number
  tag: string | null
  ms: number
}

/** The database's own words; `detail` may hold values of rows. */
export interface DatabaseWords {
  message: string
  sqlState: string | null
  /** Character of the statement, counted from 1. */
  position: number | null
  detail: string | null
  hint: string | null
}

export const FAILURE_REASONS = [
  'STATEMENT_FAILED',
  'LOCK_TIMEOUT',
  'PERMISSION_DENIED',
  'CONNECTION_LOST',
  'PRECONDITION_FAILED',
  'HISTORY_NOT_WRITTEN',
  'ABORTED',
] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

/** Why a changeset did not get through, with an address. */
export interface ChangeSetFailure {
  /** Of the error catalogue. */
  code: 'STATEMENT_FAILED' | 'DATABASE_PRIVILEGE_MISSING' | 'DATABASE_UNREACHABLE' | 'INVALID_STATE' | 'ABORTED'
  reason: FailureReason
  sentence: string
  changeSet: ChangeSetId
  /** Where the error is when the database tells, else where the statement begins. */
  at: Position
  statement: string | null
  /** Counted from 0. */
  statementIndex: number | null
  database: DatabaseWords | null
  /** `partlyApplied`: only without a transaction. `unknown`: the connection broke while the changeset was being committed. */
  outcome: 'rolledBack' | 'partlyApplied' | 'unknown' | 'notStarted'
}

export type ExecuteEvent =
  | { kind: 'lockWaiting'; heldBy: string; since: string | null }
  | { kind: 'lockTaken'; owner: string; takenOverFrom: string | null }
  | { kind: 'tablesCreated'; tables: string[] }
  | { kind: 'checksumUpgraded'; changeSet: ChangeSetId; from: string | null; to: string }
  | { kind: 'changeSetStarted'; changeSet: ChangeSetId; at: Position; index: number; total: number }
  | {
      kind: 'statementDone'
      changeSet: ChangeSetId
      index: number
      total: number
      sql: string
      command: string
      rowCount: number | null
      ms: number
    }
  | { kind: 'changeSetApplied'; applied: AppliedChangeSet; index: number; total: number }
  | { kind: 'changeSetSkipped'; changeSet: ChangeSetId; at: Position; sentence: string; index: number; total: number }
  | { kind: 'changeSetFailed'; failure: ChangeSetFailure; index: number; total: number; continues: boolean }
  | { kind: 'notice'; message: string }
  | { kind: 'tagged'; tag: string }
  | { kind: 'lockReleased'; released: boolean }
