import { DatabaseError, type Driver } from '@sluice/drivers/driver'
import { ChangelogError } from '../error.ts'
import type { HistoryRow } from './history-row.ts'
import { findTables, qualified, type HistoryTables } from './tables.ts'

export interface History {
  exists: boolean
  /** In the order of execution, as Liquibase counts it: by date, then by order. */
  rows: HistoryRow[]
}

/**
 * Reads the whole history, or none where there is no table yet.
 * @throws ChangelogError HISTORY_UNREADABLE when the account may not read it.
 */
export async function readHistory(driver: Driver, tables: HistoryTables, signal?: AbortSignal): Promise<History> {
  const found = await findTables(driver, tables, signal)
  if (!found.table) return { exists: false, rows: [] }
  try {
    const name = qualified(tables, 'table')
    const { rows } = await driver.query(
      `SELECT *, to_char(dateexecuted, 'YYYY-MM-DD HH24:MI:SS.US') AS date_text FROM ${name} ORDER BY dateexecuted, orderexecuted`,
      [],
      signal,
    )
    return { exists: true, rows: rows.map(toRow) }
  } catch (error) {
    if (error instanceof DatabaseError && error.sqlState === '42501') {
      const table = `${tables.schema}.${tables.table}`
      throw new ChangelogError(
        'HISTORY_UNREADABLE',
        `The account may not read the history table "${table}": ${error.message}. Grant SELECT on it`,
        {
          cause: error,
          details: { table },
        },
      )
    }
    throw error
  }
}

function toRow(row: Record<string, unknown>): HistoryRow {
  return {
    id: String(row['id']),
    author: String(row['author']),
    filename: String(row['filename']),
    dateExecuted: String(row['date_text']),
    orderExecuted: Number(row['orderexecuted']),
    execType: String(row['exectype']),
    md5sum: textOrNull(row['md5sum']),
    description: textOrNull(row['description']),
    comments: textOrNull(row['comments']),
    tag: textOrNull(row['tag']),
    liquibase: textOrNull(row['liquibase']),
    contexts: textOrNull(row['contexts']),
    labels: textOrNull(row['labels']),
    deploymentId: textOrNull(row['deployment_id']),
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
