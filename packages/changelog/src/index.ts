export { readChangelog, type ReadOptions } from './parse/read-changelog.ts'
export { plan } from './plan/make-plan.ts'
export { planSql } from './plan/plan-sql.ts'
export { Plan, PlannedChangeSet, PlannedStatement } from './plan/plan.ts'
export type { PlanOptions } from './plan/prepare.ts'
export { execute, type ExecuteOptions, type ExecuteResult } from './execute/execute.ts'
export {
  FAILURE_REASONS,
  type AppliedChangeSet,
  type ChangeSetFailure,
  type DatabaseWords,
  type ExecuteEvent,
  type FailureReason,
} from './execute/events.ts'
export { baseline, type BaselineOptions, type BaselineResult } from './execute/baseline.ts'
export { changeSetChecksum } from './checksum/checksum.ts'
export { changeSetSql, type ChangeSetSql } from './change/change-set-sql.ts'
export { tag, type TagOptions } from './execute/tag.ts'
export {
  CHANGE_SET_STATES,
  status,
  type ChangeSetStatus,
  type Status,
  type StatusOptions,
} from './history/read-status.ts'
export type { ExecType, HistoryRow } from './history/history-row.ts'
export type { HistoryOptions } from './history/tables.ts'
export type { LockState } from './lock/read-lock.ts'
export { ChangelogError, type ChangelogErrorReason, type Problem } from './error.ts'
export { formatPosition, type Position } from './model/position.ts'
export { formatChangeSetId, type ChangeLog, type ChangeSet, type ChangeSetId } from './model/change-log.ts'
export type { Files } from './files.ts'
export type { Clock } from './clock.ts'
export { DatabaseError, type DatabaseIdentity, type Dialect, type Driver } from '@sluice/drivers/driver'
