import type { DatabaseIdentity, Driver } from '@sluice/drivers/driver'
import { abortedAs } from '../abort.ts'
import { changeSetChecksum, CURRENT_CHECKSUM_VERSION } from '../checksum/checksum.ts'
import { readLock, type LockState } from '../lock/read-lock.ts'
import type { ChangeLog, ChangeSetId } from '../model/change-log.ts'
import type { Position } from '../model/position.ts'
import { decide, type Decision } from '../plan/decide.ts'
import { rowIdentity, type HistoryRow } from './history-row.ts'
import { readHistory } from './read-history.ts'
import { historyTables, type HistoryOptions } from './tables.ts'

export interface StatusOptions {
  contexts?: readonly string[]
  labelFilter?: string
  history?: HistoryOptions
  signal?: AbortSignal
}

export const CHANGE_SET_STATES = ['deployed', 'pending', 'changed', 'skipped', 'unknown'] as const

export interface ChangeSetStatus {
  changeSet: ChangeSetId
  /** Null for a row without a changeset. */
  at: Position | null
  /** `skipped`: filtered out and not deployed. `unknown`: in the history, not in the changelog. */
  state: (typeof CHANGE_SET_STATES)[number]
  checksum: string | null
  row: HistoryRow | null
}

export interface Status {
  database: DatabaseIdentity
  history: { exists: boolean; schema: string; table: string; rows: HistoryRow[] }
  lock: LockState
  /** In the order of the changelog, then the unknown rows; only those without a changelog. */
  changeSets: ChangeSetStatus[]
}

/** Somebody who alters the history table must not hold up a status for ever. */
const LOCK_TIMEOUT_MS = 5_000

/** What is deployed and who holds the lock. One READ ONLY transaction. */
export async function status(
  driver: Driver,
  changelog: ChangeLog | undefined,
  options: StatusOptions = {},
): Promise<Status> {
  const { signal } = options
  return abortedAs('Reading the status', signal, async () => {
    await driver.begin({ readOnly: true }, signal)
    try {
      await driver.execute(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`, signal)
      const database = await driver.identity(signal)
      const tables = historyTables(options.history, database.schema)
      const history = await readHistory(driver, tables, signal)
      const lock = await readLock(driver, tables, signal)
      return {
        database,
        history: { exists: history.exists, schema: tables.schema, table: tables.table, rows: history.rows },
        lock,
        changeSets: states(changelog, history.rows, options),
      }
    } finally {
      await driver.rollback()
    }
  })
}

function states(
  changelog: ChangeLog | undefined,
  rows: readonly HistoryRow[],
  options: StatusOptions,
): ChangeSetStatus[] {
  if (changelog === undefined) return rows.map(unknownState)
  const { decisions, unknown } = decide(changelog, rows, {
    contexts: options.contexts ?? [],
    labelFilter: options.labelFilter,
  })
  return [
    ...decisions.map((decision) => {
      const { id, author, filePath, at } = decision.changeSet
      return {
        changeSet: { id, author, filePath },
        at,
        state: stateOf(decision),
        checksum: changeSetChecksum(decision.changeSet, changelog.dialect, CURRENT_CHECKSUM_VERSION),
        row: decision.row ?? null,
      }
    }),
    ...unknown.map(unknownState),
  ]
}

function stateOf(decision: Decision): ChangeSetStatus['state'] {
  switch (decision.kind) {
    case 'run':
      return 'pending'
    case 'changed':
      return 'changed'
    case 'upgrade':
      return 'deployed'
    case 'skip':
      return decision.row === undefined ? 'skipped' : 'deployed'
  }
}

function unknownState(row: HistoryRow): ChangeSetStatus {
  return { changeSet: rowIdentity(row), at: null, state: 'unknown', checksum: row.md5sum, row }
}
