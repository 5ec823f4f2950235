import { DatabaseError, type Driver } from '@sluice/drivers/driver'
import type { Clock } from '../clock.ts'
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
import type { SessionGuard } from './session-guard.ts'

export interface RunContext {
  driver: Driver
  tables: HistoryTables
  guard: SessionGuard
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
    context.guard.distrust()
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
    const { driver, guard, lockTimeoutMs, signal } = this.#context
    await guard.begin(lockTimeoutMs, signal)
    await this.#statements(statements)
    // A changed role would write the row as somebody who may not.
    if (statements.some(({ text }) => CHANGES_ROLE.test(text))) await guard.restoreNow(signal)
    await this.#writeRow(row)
    this.#committing = true
    await driver.commit()
  }

  async outsideTransaction(statements: readonly SourceText[], row: RowToWrite): Promise<void> {
    const { driver, guard, lockTimeoutMs, signal } = this.#context
    await guard.limit(lockTimeoutMs, signal)
    await this.#statements(statements)
    guard.distrust()
    await guard.begin(lockTimeoutMs, signal)
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
    const { driver, guard, clock, emit, lockTimeoutMs, signal } = this.#context
    const { planned, changeSet } = this.#step
    for (const [index, statement] of statements.entries()) {
      this.#statement = statement
      this.#index = index
      const patient = !changeSet.runInTransaction && CONCURRENTLY.test(statement.text)
      if (patient) await guard.limit(0, signal)
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
      if (patient) await guard.limit(lockTimeoutMs, signal)
    }
    this.#statement = undefined
    this.#index = undefined
  }

  async #writeRow(row: RowToWrite): Promise<void> {
    const { driver, guard, tables } = this.#context
    const existing = this.#step.row
    const written =
      existing === undefined ? await insertRow(driver, tables, row) : await updateRow(driver, tables, existing, row)
    if (written === undefined) {
      const name = formatChangeSetId(this.#step.planned.changeSet)
      throw new DatabaseError(`the history row of "${name}" was not written: something in the database swallowed it`)
    }
    guard.observe(written)
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
