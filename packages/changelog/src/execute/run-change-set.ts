import { DatabaseError, type Driver, type SessionInfo } from '@sluice/drivers/driver'
import type { Clock } from '../clock.ts'
import { ChangelogError } from '../error.ts'
import type { ExecType } from '../history/history-row.ts'
import type { HistoryTables } from '../history/tables.ts'
import { insertRow, updateRow, type RowToWrite } from '../history/write-history.ts'
import { formatChangeSetId } from '../model/change-log.ts'
import { formatPosition } from '../model/position.ts'
import type { SourceText } from '../model/source-text.ts'
import type { PreparedStep } from '../plan/prepare.ts'
import { describeFailure } from './describe-failure.ts'
import type { AppliedChangeSet, ChangeSetFailure, ExecuteEvent } from './events.ts'
import { judgePreconditions } from './judge-preconditions.ts'

export interface RunContext {
  driver: Driver
  tables: HistoryTables
  session: SessionInfo
  lockTimeoutMs: number
  deploymentId: string
  clock: Clock
  emit: (event: ExecuteEvent) => void
  signal: AbortSignal | undefined
}

export type RunOutcome =
  | { kind: 'applied'; applied: AppliedChangeSet }
  | { kind: 'skipped'; sentence: string }
  | { kind: 'failed'; failure: ChangeSetFailure }

/** Waiting for old transactions is what these are for: a lock timeout would only ever leave an invalid index. */
const CONCURRENTLY =
  /^\s*(?:create\s+(?:unique\s+)?index\s+concurrently|drop\s+index\s+concurrently|reindex\b.*\bconcurrently|alter\s+table\b.*\bdetach\s+partition\b.*\bconcurrently)\b/is
/** After one of these the history row would be written as somebody else. */
const CHANGES_ROLE = /\b(?:role|session\s+authorization)\b/i

/** Runs one changeset and its history row: in one transaction, unless it says `runInTransaction: false`. */
export async function runChangeSet(
  context: RunContext,
  step: PreparedStep,
  orderExecuted: number,
): Promise<RunOutcome> {
  const start = context.clock.now()
  const run = new ChangeSetRun(context, step)
  let execType: ExecType = step.row === undefined ? 'EXECUTED' : 'RERAN'
  try {
    const verdict = await judgePreconditions(context.driver, step, context.signal)
    if (verdict.kind === 'skip') return { kind: 'skipped', sentence: verdict.sentence }
    if (verdict.kind === 'halt') return { kind: 'failed', failure: preconditionFailure(step, verdict.sentence) }
    if (verdict.kind === 'markRan') execType = 'MARK_RAN'
    const statements = execType === 'MARK_RAN' ? [] : step.statements
    const row = rowOf(step, orderExecuted, execType, context.deploymentId)
    if (step.changeSet.runInTransaction) await run.inTransaction(statements, row)
    else await run.outsideTransaction(statements, row)
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    const failure = run.failure(error)
    if (!error.connectionLost) await context.driver.rollback()
    return { kind: 'failed', failure }
  }
  const { planned } = step
  return {
    kind: 'applied',
    applied: {
      changeSet: planned.changeSet,
      at: planned.at,
      execType,
      checksum: planned.checksum,
      orderExecuted,
      tag: planned.tag,
      ms: context.clock.now() - start,
    },
  }
}

/** One run of one changeset, remembering how far it got so that a failure can tell. */
class ChangeSetRun {
  readonly #context: RunContext
  readonly #step: PreparedStep
  #statement: SourceText | undefined
  #index: number | undefined
  #committing = false
  #done = 0

  constructor(context: RunContext, step: PreparedStep) {
    this.#context = context
    this.#step = step
  }

  async inTransaction(statements: readonly SourceText[], row: RowToWrite): Promise<void> {
    const { driver, signal } = this.#context
    await driver.begin({}, signal)
    await this.#settings(this.#context.lockTimeoutMs, true)
    await this.#statements(statements)
    // A changed role would write the row as somebody who may not.
    if (statements.some(({ text }) => CHANGES_ROLE.test(text))) await this.#settings(this.#context.lockTimeoutMs, true)
    await this.#writeRow(row)
    this.#committing = true
    await driver.commit()
  }

  async outsideTransaction(statements: readonly SourceText[], row: RowToWrite): Promise<void> {
    const { driver, signal } = this.#context
    await this.#settings(this.#context.lockTimeoutMs, false)
    await this.#statements(statements)
    await driver.begin({}, signal)
    await this.#settings(this.#context.lockTimeoutMs, true)
    await this.#writeRow(row)
    this.#committing = true
    await driver.commit()
  }

  failure(error: DatabaseError): ChangeSetFailure {
    const { runInTransaction } = this.#step.changeSet
    // A single statement outside a transaction undoes itself, except for those that work in phases.
    const alone = this.#done === 0 && this.#statement !== undefined && !CONCURRENTLY.test(this.#statement.text)
    const rolledBack = runInTransaction || (alone && !error.connectionLost)
    return describeFailure(error, {
      step: this.#step,
      statement: this.#statement,
      statementIndex: this.#index,
      outcome: this.#committing && error.connectionLost ? 'unknown' : rolledBack ? 'rolledBack' : 'partlyApplied',
      lockTimeoutMs: this.#context.lockTimeoutMs,
      aborted: this.#context.signal?.aborted === true,
    })
  }

  async #statements(statements: readonly SourceText[]): Promise<void> {
    const { driver, clock, emit, signal } = this.#context
    const { planned, changeSet } = this.#step
    for (const [index, statement] of statements.entries()) {
      this.#statement = statement
      this.#index = index
      const patient = !changeSet.runInTransaction && CONCURRENTLY.test(statement.text)
      if (patient) await this.#settings(0, false)
      const start = clock.now()
      const { command, rowCount } = await driver.execute(statement.text, signal)
      this.#done += 1
      const ms = clock.now() - start
      emit({
        kind: 'statementDone',
        changeSet: planned.changeSet,
        index,
        total: statements.length,
        sql: statement.text,
        command,
        rowCount,
        ms,
      })
      if (patient) await this.#settings(this.#context.lockTimeoutMs, false)
    }
    this.#statement = undefined
    this.#index = undefined
  }

  /** Sets what earlier changesets may have changed, and sees that the session is still the one that holds the lock. */
  async #settings(lockTimeoutMs: number, local: boolean): Promise<void> {
    const { driver, session, signal } = this.#context
    const { rows } = await driver.query(
      `SELECT pg_backend_pid() AS pid, set_config('role', $1, false), set_config('search_path', $2, false),
         set_config('lock_timeout', $3, $4), set_config('statement_timeout', '0', $4)`,
      [session.role ?? 'none', session.searchPath, `${lockTimeoutMs}ms`, local],
      signal,
    )
    if (Number(rows[0]?.['pid']) === session.backendPid) return
    throw new ChangelogError(
      'LOCK_NOT_SESSION_BOUND',
      'The session was changed by a connection pooler between two statements, so that the lock no longer holds. Give the connector a URL that leads to the database directly',
    )
  }

  async #writeRow(row: RowToWrite): Promise<void> {
    const { driver, tables } = this.#context
    if (this.#step.row === undefined) await insertRow(driver, tables, row)
    else await updateRow(driver, tables, this.#step.row, row)
  }
}

function rowOf({ planned }: PreparedStep, orderExecuted: number, execType: ExecType, deploymentId: string): RowToWrite {
  return {
    id: planned.changeSet.id,
    author: planned.changeSet.author,
    filename: planned.changeSet.filePath,
    orderExecuted,
    execType,
    md5sum: planned.checksum,
    description: planned.description,
    comments: planned.comments,
    contexts: planned.contexts,
    labels: planned.labels,
    tag: execType === 'MARK_RAN' ? null : planned.tag,
    deploymentId,
  }
}

function preconditionFailure(step: PreparedStep, why: string): ChangeSetFailure {
  const at = step.changeSet.preconditions?.at ?? step.changeSet.at
  const name = formatChangeSetId(step.planned.changeSet)
  return {
    code: 'INVALID_STATE',
    reason: 'PRECONDITION_FAILED',
    sentence: `Changeset "${name}" was not started: its precondition at ${formatPosition(at)} does not hold: ${why}. Change the database so that it holds, or change its onFail`,
    changeSet: step.planned.changeSet,
    at,
    statement: null,
    statementIndex: null,
    database: null,
    outcome: 'notStarted',
  }
}
