import type { Driver } from '@sluice/drivers/driver'
import { quoteName } from '../dialect/postgres/quote.ts'
import { ChangelogError } from '../error.ts'

export interface HistoryOptions {
  /** Default: the session's current schema. */
  schema?: string
  /** Default: `databasechangelog`. */
  table?: string
  /** Default: `databasechangeloglock`. */
  lockTable?: string
}

/** Where the history is kept. Names as the catalogue has them. */
export interface HistoryTables {
  schema: string
  table: string
  lockTable: string
}

/** @throws ChangelogError HISTORY_UNREADABLE when neither the options nor the session name a schema. */
export function historyTables(options: HistoryOptions | undefined, currentSchema: string): HistoryTables {
  const schema = options?.schema ?? currentSchema
  if (schema === '') {
    throw new ChangelogError(
      'HISTORY_UNREADABLE',
      'The search path of the session names no schema that exists. Create the schema, or set one for the instance',
    )
  }
  return {
    schema,
    table: options?.table ?? 'databasechangelog',
    lockTable: options?.lockTable ?? 'databasechangeloglock',
  }
}

/** `schema.table`, quoted where needed. */
export function qualified(tables: HistoryTables, table: 'table' | 'lockTable'): string {
  return `${quoteName(tables.schema)}.${quoteName(tables[table])}`
}

/** Columns that older versions of Liquibase did not make yet, in the order in which they were added. */
const LATER_COLUMNS: Readonly<Record<string, string>> = {
  description: 'VARCHAR(255)',
  comments: 'VARCHAR(255)',
  tag: 'VARCHAR(255)',
  liquibase: 'VARCHAR(20)',
  contexts: 'VARCHAR(255)',
  labels: 'VARCHAR(255)',
  deployment_id: 'VARCHAR(10)',
}

/** Which of the two tables exist, and which columns the history table lacks. */
export interface TablesFound {
  table: boolean
  lockTable: boolean
  missingColumns: readonly string[]
}

export async function findTables(driver: Driver, tables: HistoryTables, signal?: AbortSignal): Promise<TablesFound> {
  const { rows } = await driver.query(
    `SELECT c.relname AS name, (SELECT array_agg(a.attname::text) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname IN ($2, $3) AND c.relkind IN ('r', 'p', 'v', 'f')`,
    [tables.schema, tables.table, tables.lockTable],
    signal,
  )
  const history = rows.find((row) => row['name'] === tables.table)
  const columns: unknown[] = Array.isArray(history?.['columns']) ? history['columns'] : []
  return {
    table: history !== undefined,
    lockTable: rows.some((row) => row['name'] === tables.lockTable),
    missingColumns:
      history === undefined ? [] : Object.keys(LATER_COLUMNS).filter((column) => !columns.includes(column)),
  }
}

/** Makes what is missing, bit for bit as Liquibase 4.28 does. Call it in a transaction. @returns what was made. */
export async function createMissingTables(
  driver: Driver,
  tables: HistoryTables,
  which: 'lock' | 'history',
): Promise<string[]> {
  const found = await findTables(driver, tables)
  if (which === 'lock') {
    if (found.lockTable) return []
    const name = qualified(tables, 'lockTable')
    const key = quoteName(`${tables.lockTable}_pkey`)
    await driver.execute(
      `CREATE TABLE ${name} (ID INTEGER NOT NULL, LOCKED BOOLEAN NOT NULL, LOCKGRANTED TIMESTAMP WITHOUT TIME ZONE, LOCKEDBY VARCHAR(255), CONSTRAINT ${key} PRIMARY KEY (ID))`,
    )
    return [`${tables.schema}.${tables.lockTable}`]
  }
  const name = qualified(tables, 'table')
  if (!found.table) {
    await driver.execute(
      `CREATE TABLE ${name} (ID VARCHAR(255) NOT NULL, AUTHOR VARCHAR(255) NOT NULL, FILENAME VARCHAR(255) NOT NULL, DATEEXECUTED TIMESTAMP WITHOUT TIME ZONE NOT NULL, ORDEREXECUTED INTEGER NOT NULL, EXECTYPE VARCHAR(10) NOT NULL, MD5SUM VARCHAR(35), DESCRIPTION VARCHAR(255), COMMENTS VARCHAR(255), TAG VARCHAR(255), LIQUIBASE VARCHAR(20), CONTEXTS VARCHAR(255), LABELS VARCHAR(255), DEPLOYMENT_ID VARCHAR(10))`,
    )
    return [`${tables.schema}.${tables.table}`]
  }
  for (const column of found.missingColumns) {
    await driver.execute(`ALTER TABLE ${name} ADD ${column} ${LATER_COLUMNS[column] ?? 'VARCHAR(255)'}`)
  }
  return found.missingColumns.map((column) => `${tables.schema}.${tables.table}.${column}`)
}
