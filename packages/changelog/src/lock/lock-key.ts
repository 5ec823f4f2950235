import { createHash } from 'node:crypto'
import type { HistoryTables } from '../history/tables.ts'

/**
 * The key of the session lock that guards one history. Advisory locks are per database, so schema and table suffice.
 * @returns a signed 64-bit number as text.
 */
export function lockKey(tables: HistoryTables): string {
  const digest = createHash('sha256')
    .update(`sluice changelog ${JSON.stringify([tables.schema, tables.lockTable])}`)
    .digest()
  return digest.readBigInt64BE(0).toString()
}
