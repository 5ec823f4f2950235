import type { Driver } from '@sluice/drivers/driver'
import { ChangelogError } from '../error.ts'
import { findTables, qualified, type HistoryTables } from '../history/tables.ts'

/**
 * Sees before anything is tried that the account may write what every apply writes.
 * @throws ChangelogError APPLY_NOT_PERMITTED, naming the right that is missing.
 */
export async function checkMayApply(driver: Driver, tables: HistoryTables, signal?: AbortSignal): Promise<void> {
  const session = await driver.session(signal)
  const user = session.role ?? session.user
  if (session.inRecovery)
    throw notPermitted('This server is a replica, which takes no changes. Connect to the primary', { user })
  if (session.readOnly)
    throw notPermitted(
      `The account "${user}" is set to read only, so nothing can be applied. Use an account that may change the schema`,
      { user },
    )
  const found = await findTables(driver, tables, signal)
  if (!found.table || !found.lockTable) {
    const { rows } = await driver.query(
      'SELECT has_schema_privilege(n.oid, $2) AS allowed FROM pg_catalog.pg_namespace n WHERE n.nspname = $1',
      [tables.schema, 'CREATE'],
      signal,
    )
    if (rows[0] === undefined)
      throw notPermitted(`There is no schema "${tables.schema}" for the history tables. Create it, or name another`, {
        user,
      })
    if (rows[0]['allowed'] !== true) {
      throw notPermitted(
        `The account "${user}" may not create the history tables in the schema "${tables.schema}". Grant CREATE on it, or use another account`,
        { user },
      )
    }
  }
  for (const table of ['table', 'lockTable'] as const) {
    if (!found[table]) continue
    const { rows } = await driver.query(
      "SELECT has_table_privilege($1, 'SELECT') AND has_table_privilege($1, 'INSERT') AND has_table_privilege($1, 'UPDATE') AS allowed",
      [qualified(tables, table)],
      signal,
    )
    if (rows[0]?.['allowed'] !== true) {
      throw notPermitted(
        `The account "${user}" may not write "${tables.schema}.${tables[table]}". Grant SELECT, INSERT and UPDATE on it, or use another account`,
        {
          user,
        },
      )
    }
  }
}

function notPermitted(sentence: string, details: Record<string, unknown>): ChangelogError {
  return new ChangelogError('APPLY_NOT_PERMITTED', sentence, { details })
}
