import type { Driver } from '@sluice/drivers/driver'
import { ChangelogError } from '../error.ts'
import type { ExecType, HistoryRow } from './history-row.ts'
import { qualified, type HistoryTables } from './tables.ts'

/** What Liquibase 4.28 writes as its version: its readers expect a version of theirs in this column. */
const LIQUIBASE_VERSION = '4.28.0'
/** Liquibase cuts the two free texts here. */
const TEXT_LENGTH = 250

export interface RowToWrite {
  id: string
  author: string
  filename: string
  orderExecuted: number
  execType: ExecType
  /** Null where it can't be computed: Liquibase fills it in when it sees the changeset next. */
  md5sum: string | null
  description: string
  comments: string
  contexts: string
  labels: string
  tag: string | null
  deploymentId: string
}

/** The last ten digits of the time, as Liquibase makes it. */
export function deploymentIdAt(nowMs: number): string {
  return String(Math.trunc(nowMs)).slice(-10)
}

/**
 * DATEEXECUTED orders the history, so that it never goes below the newest row's, whatever the clocks say.
 * Its column is without a zone: NOW() is in the session's zone, as Liquibase writes it.
 */
function dateExecuted(name: string): string {
  return `GREATEST(NOW()::timestamp, (SELECT max(dateexecuted) FROM ${name}))`
}

/** What the session says of itself, read beside a row that is written, so that it costs no round trip of its own. */
export const SESSION_COLUMNS = `pg_backend_pid() AS session_pid, current_setting('role') AS session_role, current_setting('search_path') AS session_search_path`
/** {@link SESSION_COLUMNS}; undefined when no row was written. */
type SessionRow = Record<string, unknown> | undefined

/** Inserts the row of a changeset that ran for the first time. */
export async function insertRow(driver: Driver, tables: HistoryTables, row: RowToWrite): Promise<SessionRow> {
  const name = qualified(tables, 'table')
  const { rows } = await driver.query(
    `INSERT INTO ${name} (id, author, filename, dateexecuted, orderexecuted, md5sum, description, comments, exectype, contexts, labels, liquibase, deployment_id, tag)
     VALUES ($1, $2, $3, ${dateExecuted(name)}, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     RETURNING ${SESSION_COLUMNS}`,
    [
      row.id,
      row.author,
      row.filename,
      row.orderExecuted,
      row.md5sum,
      row.description.slice(0, TEXT_LENGTH),
      row.comments.trim().slice(0, TEXT_LENGTH),
      row.execType,
      row.contexts === '' ? null : row.contexts,
      row.labels === '' ? null : row.labels,
      LIQUIBASE_VERSION,
      row.deploymentId,
      row.tag,
    ],
  )
  return rows[0]
}

/** Rows of one statement; its parameter is their JSON. */
const ROWS_AT_ONCE = 500

/** Inserts rows of changesets that are marked without running. Call it in a transaction. */
export async function insertRows(
  driver: Driver,
  tables: HistoryTables,
  rows: readonly RowToWrite[],
  signal?: AbortSignal,
): Promise<Record<string, unknown>> {
  const name = qualified(tables, 'table')
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    const part = rows.slice(start, start + ROWS_AT_ONCE).map((row) => ({
      ...row,
      description: row.description.slice(0, TEXT_LENGTH),
      comments: row.comments.trim().slice(0, TEXT_LENGTH),
      contexts: row.contexts === '' ? null : row.contexts,
      labels: row.labels === '' ? null : row.labels,
    }))
    await driver.query(
      `INSERT INTO ${name} (id, author, filename, dateexecuted, orderexecuted, md5sum, description, comments, exectype, contexts, labels, liquibase, deployment_id, tag)
       SELECT r.id, r.author, r.filename, ${dateExecuted(name)}, r."orderExecuted", r.md5sum, r.description, r.comments, r."execType", r.contexts, r.labels, $2, r."deploymentId", r.tag
         FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS r(id text, author text, filename text, "orderExecuted" int, md5sum text, description text, comments text, "execType" text, contexts text, labels text, "deploymentId" text, tag text)
        ORDER BY r."orderExecuted"`,
      [JSON.stringify(part), LIQUIBASE_VERSION],
      signal,
    )
  }
  const { rows: session } = await driver.query(`SELECT ${SESSION_COLUMNS}`, [], signal)
  return session[0] ?? {}
}

/** Rewrites the row of a changeset that ran again; its identity stays as it was written first. */
export async function updateRow(
  driver: Driver,
  tables: HistoryTables,
  existing: HistoryRow,
  row: RowToWrite,
): Promise<SessionRow> {
  const name = qualified(tables, 'table')
  const { rows } = await driver.query(
    `UPDATE ${name} SET dateexecuted = ${dateExecuted(name)}, orderexecuted = $1, md5sum = $2, exectype = $3, deployment_id = $4,
       comments = $5, contexts = $6, labels = $7, liquibase = $8, description = $9, tag = coalesce($10, tag)
     WHERE id = $11 AND author = $12 AND filename = $13 RETURNING ${SESSION_COLUMNS}`,
    [
      row.orderExecuted,
      row.md5sum,
      row.execType,
      row.deploymentId,
      row.comments.trim().slice(0, TEXT_LENGTH),
      row.contexts === '' ? null : row.contexts,
      row.labels === '' ? null : row.labels,
      LIQUIBASE_VERSION,
      row.description.slice(0, TEXT_LENGTH),
      row.tag,
      existing.id,
      existing.author,
      existing.filename,
    ],
  )
  return rows[0]
}

export async function rewriteChecksum(
  driver: Driver,
  tables: HistoryTables,
  row: HistoryRow,
  md5sum: string,
): Promise<void> {
  await driver.query(
    `UPDATE ${qualified(tables, 'table')} SET md5sum = $1 WHERE id = $2 AND author = $3 AND filename = $4`,
    [md5sum, row.id, row.author, row.filename],
  )
}

/**
 * Puts a tag on the newest row, as `liquibase tag` does.
 * @throws ChangelogError TAG_IMPOSSIBLE when the history is empty: there is no state to name.
 */
export async function tagNewestRow(driver: Driver, tables: HistoryTables, tag: string): Promise<void> {
  const name = qualified(tables, 'table')
  const { rowCount } = await driver.query(
    `UPDATE ${name} SET tag = $1 WHERE ctid = (SELECT ctid FROM ${name} ORDER BY dateexecuted DESC, orderexecuted DESC LIMIT 1)`,
    [tag],
  )
  if (rowCount === 0) {
    throw new ChangelogError(
      'TAG_IMPOSSIBLE',
      `The tag "${tag}" can't be set: nothing was ever applied to this database. Apply a changeset first`,
    )
  }
}
