import type { Driver } from '@sluice/drivers/driver'
import { findTables, qualified, type HistoryTables } from '../history/tables.ts'
import { lockKey } from './lock-key.ts'

export interface LockState {
  held: boolean
  heldBy: string | null
  /** `2026-01-31 12:00:00.123`, null when only the session tells. */
  since: string | null
  /** A session of this engine holds the lock now; null when the server doesn't say. */
  live: boolean | null
}

/** The session that holds the advisory lock, if any. */
export interface LockSession {
  pid: number
  applicationName: string
  since: string
}

/** Reads the lock row and the session lock; changes nothing. */
export async function readLock(driver: Driver, tables: HistoryTables, signal?: AbortSignal): Promise<LockState> {
  const row = await readLockRow(driver, tables, signal)
  const session = await findLockSession(driver, tables, signal)
  return {
    held: row.locked || session !== undefined,
    heldBy: row.lockedBy ?? (session === undefined ? null : describeSession(session)),
    since: row.since ?? session?.since ?? null,
    live: session !== undefined,
  }
}

export interface LockRow {
  locked: boolean
  lockedBy: string | null
  since: string | null
}

export async function readLockRow(driver: Driver, tables: HistoryTables, signal?: AbortSignal): Promise<LockRow> {
  const free = { locked: false, lockedBy: null, since: null }
  const found = await findTables(driver, tables, signal)
  if (!found.lockTable) return free
  const name = qualified(tables, 'lockTable')
  // An account that may read the history but not the lock table still gets a status.
  const { rows: allowed } = await driver.query(
    'SELECT has_table_privilege($1, $2) AS allowed',
    [name, 'SELECT'],
    signal,
  )
  if (allowed[0]?.['allowed'] !== true) return free
  const { rows } = await driver.query(
    `SELECT locked, lockedby, to_char(lockgranted, 'YYYY-MM-DD HH24:MI:SS.MS') AS since FROM ${name} WHERE id = 1`,
    [],
    signal,
  )
  const row = rows[0]
  if (row === undefined || row['locked'] !== true) return free
  return {
    locked: true,
    lockedBy: typeof row['lockedby'] === 'string' ? row['lockedby'] : 'somebody unnamed',
    since: typeof row['since'] === 'string' ? row['since'] : null,
  }
}

/** Looks for another session that holds the advisory lock. */
export async function findLockSession(
  driver: Driver,
  tables: HistoryTables,
  signal?: AbortSignal,
): Promise<LockSession | undefined> {
  const { rows } = await driver.query(
    `SELECT l.pid, coalesce(a.application_name, '') AS application_name, coalesce(to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS.MS'), '') AS since
     FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       AND (l.classid::bigint << 32) | l.objid::bigint = $1::bigint`,
    [lockKey(tables)],
    signal,
  )
  const row = rows[0]
  if (row === undefined) return undefined
  return { pid: Number(row['pid']), applicationName: String(row['application_name']), since: String(row['since']) }
}

export function describeSession(session: LockSession): string {
  const name = session.applicationName === '' ? '' : `${session.applicationName}, `
  return `${name}server process ${session.pid}`
}
