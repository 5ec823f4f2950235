import { AppError, type ErrorCode } from '@sluice/contracts/errors'
import type { ChangeSetId } from './model/change-log.ts'
import { formatPosition, type Position } from './model/position.ts'

/** Why the engine refused, each with the error code of the catalogue that it travels under. */
const REASONS = {
  CHANGELOG_NOT_FOUND: 'CHANGELOG_NOT_FOUND',
  CHANGELOG_INVALID: 'CHANGELOG_INVALID',
  INVALID_FILTER: 'CHANGELOG_INVALID',
  CHANGE_NOT_BUILT: 'CHANGELOG_INVALID',
  STATEMENT_REFUSED: 'CHANGELOG_INVALID',
  DUPLICATE_CHANGESET: 'CHANGELOG_INVALID',
  CHECKSUM_CHANGED: 'CHECKSUM_CHANGED',
  HISTORY_UNREADABLE: 'DATABASE_PRIVILEGE_MISSING',
  APPLY_NOT_PERMITTED: 'DATABASE_PRIVILEGE_MISSING',
  DIALECT_NOT_BUILT: 'DATABASE_NOT_SUPPORTED',
  PLAN_FOR_OTHER_DATABASE: 'PLAN_MOVED',
  PLAN_OUTDATED: 'PLAN_MOVED',
  CHANGELOG_LOCKED: 'CHANGELOG_LOCKED',
  LOCK_NOT_SESSION_BOUND: 'DATABASE_NOT_SUPPORTED',
  PRECONDITION_FAILED: 'INVALID_STATE',
  TAG_IMPOSSIBLE: 'CHANGELOG_INVALID',
  BASELINE_MOVED: 'PLAN_MOVED',
  BASELINE_END_UNKNOWN: 'REFERENCE_NOT_FOUND',
  ABORTED: 'ABORTED',
} as const satisfies Record<string, ErrorCode>
export type ChangelogErrorReason = keyof typeof REASONS

/** One thing that is wrong, with its address. */
export interface Problem {
  /** Upper-case name of the kind of problem, e.g. `UNKNOWN_CHANGE`. */
  code: string
  sentence: string
  at: Position
  changeSet?: ChangeSetId
}

export interface ChangelogErrorOptions {
  problems?: readonly Problem[]
  details?: Record<string, unknown>
  cause?: unknown
}

/** The engine refuses: before anything was changed. `reason` is finer than `code`; `problems` lists every one found. */
export class ChangelogError extends AppError {
  readonly reason: ChangelogErrorReason
  readonly problems: readonly Problem[]

  constructor(reason: ChangelogErrorReason, sentence: string, options: ChangelogErrorOptions = {}) {
    const problems = options.problems ?? []
    super(REASONS[reason], sentence, {
      details: { reason, ...options.details, ...(problems.length === 0 ? {} : { problems: problems.map(toWire) }) },
      cause: options.cause,
    })
    this.reason = reason
    this.problems = problems
  }
}

/** A problem in the wire form of `@sluice/contracts/errors`. */
function toWire(problem: Problem) {
  return {
    code: problem.code,
    message: problem.sentence,
    file: problem.at.file,
    line: problem.at.line,
    column: problem.at.column,
    ...(problem.changeSet === undefined ? {} : { changeSet: problem.changeSet }),
  }
}

/** An error whose sentence counts the problems and tells the first, for places that show one line. */
export function problemsError(
  reason: ChangelogErrorReason,
  summary: string,
  problems: readonly Problem[],
): ChangelogError {
  const first = problems[0]
  const told = first === undefined ? '' : ` ${formatPosition(first.at)}: ${first.sentence}`
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new ChangelogError(reason, `${summary}${told}${more}`, { problems })
}
