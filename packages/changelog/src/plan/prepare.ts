import type { DatabaseIdentity, Driver, SessionInfo } from '@sluice/drivers/driver'
import { describeChange, changeStatements } from '../change/statements.ts'
import { changeSetChecksum, CURRENT_CHECKSUM_VERSION } from '../checksum/checksum.ts'
import { refuseStatement } from '../dialect/postgres/refuse-statement.ts'
import { ChangelogError, problemsError, type ChangelogErrorReason, type Problem } from '../error.ts'
import { rowIdentity, type HistoryRow } from '../history/history-row.ts'
import { readHistory, type History } from '../history/read-history.ts'
import { historyTables, type HistoryOptions, type HistoryTables } from '../history/tables.ts'
import type { ChangeLog, ChangeSet } from '../model/change-log.ts'
import type { SourceText } from '../model/source-text.ts'
import { describePrecondition, evaluatePreconditions, unbuiltPreconditions } from '../precondition/evaluate.ts'
import { decide, type Decision } from './decide.ts'
import { hashPlan } from './hash-plan.ts'
import type { Plan, PlannedChangeSet } from './plan.ts'

export interface PlanOptions {
  contexts?: readonly string[]
  labelFilter?: string
  /** The revision that the changelog was read from. */
  commit?: string
  /** Set on the newest row after everything has run. */
  tag?: string
  history?: HistoryOptions
  /** How long a statement waits for a lock in the database: 5,000 by default. */
  lockTimeoutMs?: number
  signal?: AbortSignal
}

/** A step with what plain JSON can't hold: the places of its statements' characters, and its row. */
export interface PreparedStep {
  planned: PlannedChangeSet
  changeSet: ChangeSet
  statements: readonly SourceText[]
  row: HistoryRow | undefined
}

export interface Preparation {
  plan: Plan
  steps: readonly PreparedStep[]
  tables: HistoryTables
  history: History
  session: SessionInfo
}

const DEFAULT_LOCK_TIMEOUT_MS = 5_000

/** Reads the database in one READ ONLY transaction and works out the plan. */
export async function prepare(driver: Driver, changelog: ChangeLog, options: PlanOptions): Promise<Preparation> {
  if (driver.dialect !== 'postgresql' || changelog.dialect !== driver.dialect) {
    throw new ChangelogError(
      'DIALECT_NOT_BUILT',
      `Changelogs for "${changelog.dialect}" can't be planned on "${driver.dialect}". Only PostgreSQL is built yet`,
    )
  }
  const { signal } = options
  await driver.begin({ readOnly: true }, signal)
  try {
    // Somebody who alters the history table must not hold up a preview for ever.
    await driver.execute(`SET LOCAL lock_timeout = ${DEFAULT_LOCK_TIMEOUT_MS}`, signal)
    const database = await driver.identity(signal)
    const session = await driver.session(signal)
    const tables = historyTables(options.history, database.schema)
    const history = await readHistory(driver, tables, signal)
    const filters = { contexts: options.contexts ?? [], labelFilter: options.labelFilter }
    const { decisions, duplicates, unknown } = decide(changelog, history.rows, filters)
    const steps = decisions.filter((decision) => decision.kind === 'run').map(prepareStep)
    refuse(decisions, duplicates, steps)
    await checkChangelogPreconditions(driver, changelog, signal)
    const preconditions = await evaluateSteps(driver, steps, signal)
    const draft = draftPlan(changelog, options, {
      database,
      session,
      tables,
      history,
      decisions,
      steps,
      unknown,
      preconditions,
    })
    return { plan: { ...draft, hash: hashPlan(draft) }, steps, tables, history, session }
  } finally {
    await driver.rollback()
  }
}

function prepareStep(decision: Extract<Decision, { kind: 'run' }>): PreparedStep {
  const { changeSet, row } = decision
  const statements = changeSet.changes.flatMap((change) => changeStatements(change, 'postgresql'))
  const tags = changeSet.changes.flatMap((change) => (change.kind === 'tagDatabase' ? [change.tag] : []))
  return {
    changeSet,
    statements,
    row,
    planned: {
      changeSet: { id: changeSet.id, author: changeSet.author, filePath: changeSet.filePath },
      at: changeSet.at,
      action: row === undefined ? 'execute' : 'rerun',
      reason: decision.reason,
      checksum: changeSetChecksum(changeSet, 'postgresql', CURRENT_CHECKSUM_VERSION) ?? '',
      description: changeSet.changes.map(describeChange).join('; '),
      comments: changeSet.comment,
      contexts: changeSet.contexts,
      labels: changeSet.labels,
      inTransaction: changeSet.runInTransaction,
      failOnError: changeSet.failOnError,
      tag: tags.at(-1) ?? null,
      preconditions:
        changeSet.preconditions === null
          ? null
          : {
              conditions: changeSet.preconditions.of.map(describePrecondition),
              onFail: changeSet.preconditions.onFail,
              onError: changeSet.preconditions.onError,
            },
      statements: statements.map((statement) => ({ sql: statement.text, at: statement.at(0) })),
    },
  }
}

/** Everything that must not run is found before anything does, and all of it is told at once. */
function refuse(decisions: readonly Decision[], duplicates: readonly Problem[], steps: readonly PreparedStep[]): void {
  const changed = decisions.flatMap((decision) => (decision.kind === 'changed' ? [decision.problem] : []))
  const unbuilt = steps.flatMap(unbuiltProblems)
  const refused = steps.flatMap(refusedProblems)
  const groups: [ChangelogErrorReason, string, readonly Problem[]][] = [
    ['CHECKSUM_CHANGED', 'The changelog does not match what was deployed:', changed],
    ['DUPLICATE_CHANGESET', 'Two changesets are the same:', duplicates],
    ['CHANGE_NOT_BUILT', 'The changelog holds what is not built yet:', unbuilt],
    ['STATEMENT_REFUSED', 'A statement is refused:', refused],
  ]
  const first = groups.find(([, , problems]) => problems.length > 0)
  if (first === undefined) return
  const [reason, summary] = first
  throw problemsError(
    reason,
    summary,
    groups.flatMap(([, , problems]) => problems),
  )
}

function unbuiltProblems({ changeSet, planned }: PreparedStep): Problem[] {
  const changes = changeSet.changes.flatMap((change): Problem[] =>
    change.kind === 'unbuilt'
      ? [
          {
            code: 'CHANGE_NOT_BUILT',
            at: change.at,
            changeSet: planned.changeSet,
            sentence: `the change type "${change.name}" is not built yet. Use "sql" or "sqlFile", or run this changeset with Liquibase`,
          },
        ]
      : [],
  )
  const preconditions = unbuiltPreconditions(changeSet.preconditions?.of ?? []).map((condition): Problem => ({
    code: 'PRECONDITION_NOT_BUILT',
    at: condition.at,
    changeSet: planned.changeSet,
    sentence: `the precondition "${condition.name}" is not built yet. Use "sqlCheck"`,
  }))
  return [...changes, ...preconditions]
}

function refusedProblems({ changeSet, planned, statements }: PreparedStep): Problem[] {
  return statements.flatMap((statement) => {
    const refusal = refuseStatement(statement.text, changeSet.runInTransaction)
    if (refusal === undefined) return []
    return [
      {
        code: refusal.code,
        at: statement.at(refusal.offset),
        changeSet: planned.changeSet,
        sentence: refusal.sentence,
      },
    ]
  })
}

async function checkChangelogPreconditions(
  driver: Driver,
  changelog: ChangeLog,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const preconditions of changelog.preconditions) {
    const unbuilt = unbuiltPreconditions(preconditions.of)
    const evaluation = await evaluatePreconditions(driver, preconditions, signal)
    const outcome = evaluation.holds === null ? preconditions.onError : preconditions.onFail
    if (unbuilt.length === 0 && (evaluation.holds === true || outcome === 'WARN')) continue
    const message = preconditions.onFailMessage ?? evaluation.why
    throw problemsError('PRECONDITION_FAILED', 'A precondition of the changelog does not hold:', [
      { code: 'PRECONDITION_FAILED', at: preconditions.at, sentence: message },
    ])
  }
}

async function evaluateSteps(
  driver: Driver,
  steps: readonly PreparedStep[],
  signal: AbortSignal | undefined,
): Promise<Plan['preconditions']> {
  const outcomes: Plan['preconditions'] = []
  for (const { changeSet, planned } of steps) {
    if (changeSet.preconditions === null) continue
    const evaluation = await evaluatePreconditions(driver, changeSet.preconditions, signal)
    outcomes.push({ changeSet: planned.changeSet, holds: evaluation.holds, why: evaluation.why })
  }
  return outcomes
}

interface Findings {
  database: DatabaseIdentity
  session: SessionInfo
  tables: HistoryTables
  history: History
  decisions: readonly Decision[]
  steps: readonly PreparedStep[]
  unknown: readonly HistoryRow[]
  preconditions: Plan['preconditions']
}

function draftPlan(changelog: ChangeLog, options: PlanOptions, found: Findings): Omit<Plan, 'hash'> {
  return {
    version: 1,
    changelog: { path: changelog.path, digest: changelog.digest, commit: options.commit ?? null },
    database: found.database,
    session: {
      role: found.session.role,
      searchPath: found.session.searchPath,
      lockTimeoutMs: options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS,
    },
    contexts: [...(options.contexts ?? [])],
    labelFilter: options.labelFilter ?? null,
    tag: options.tag ?? null,
    history: { ...found.tables, exists: found.history.exists, rows: found.history.rows.length },
    steps: found.steps.map(({ planned }) => planned),
    skipped: found.decisions.flatMap((decision) => {
      const { id, author, filePath, at } = decision.changeSet
      const changeSet = { id, author, filePath }
      if (decision.kind === 'skip') return [{ changeSet, at, reason: decision.reason, sentence: decision.sentence }]
      if (decision.kind !== 'upgrade') return []
      return [
        {
          changeSet,
          at,
          reason: 'deployed' as const,
          sentence: `was deployed ${decision.row.dateExecuted}; its checksum is rewritten in the current version`,
        },
      ]
    }),
    checksumUpgrades: found.decisions.flatMap((decision) => {
      if (decision.kind !== 'upgrade') return []
      const { id, author, filePath } = decision.changeSet
      return [{ changeSet: { id, author, filePath }, from: decision.row.md5sum, to: decision.to }]
    }),
    unknown: found.unknown.map(rowIdentity),
    preconditions: found.preconditions,
    notices: [...changelog.notices],
  }
}
