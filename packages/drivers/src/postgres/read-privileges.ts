import { inPhase, type OnPhase } from '../connect-phase.ts'
import type { Driver } from '../driver.ts'

export interface TablePrivileges {
  exists: boolean
  owner: string | null
  canRead: boolean
  /** INSERT, UPDATE and DELETE. */
  canWrite: boolean
}

export interface Privileges {
  user: string
  superuser: boolean
  inRecovery: boolean
  readOnly: boolean
  /** Where unqualified names are created; null when the search path names no schema that exists. */
  schema: string | null
  canCreateInSchema: boolean
  historyTable: TablePrivileges
  lockTable: TablePrivileges
  ms: number
}

export interface PrivilegesOptions {
  historySchema?: string
  historyTable?: string
  lockTable?: string
  onPhase?: OnPhase
  signal?: AbortSignal
}

/** What this session may do: the last phase of a preflight. Reads only. */
export async function readPrivileges(driver: Driver, options: PrivilegesOptions = {}): Promise<Privileges> {
  const start = performance.now()
  return inPhase(
    'privileges',
    options.onPhase,
    async () => {
      const { rows } = await driver.query(
        `SELECT current_user AS "user", (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
           pg_is_in_recovery() AS in_recovery, current_setting('default_transaction_read_only') = 'on' AS read_only,
           current_schema() AS schema, coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS can_create`,
        [],
        options.signal,
      )
      const row = rows[0] ?? {}
      const schema = typeof row['schema'] === 'string' ? row['schema'] : null
      const historySchema = options.historySchema ?? schema ?? 'public'
      return {
        user: String(row['user']),
        superuser: row['superuser'] === true,
        inRecovery: row['in_recovery'] === true,
        readOnly: row['read_only'] === true,
        schema,
        canCreateInSchema: row['can_create'] === true,
        historyTable: await tablePrivileges(
          driver,
          historySchema,
          options.historyTable ?? 'databasechangelog',
          options.signal,
        ),
        lockTable: await tablePrivileges(
          driver,
          historySchema,
          options.lockTable ?? 'databasechangeloglock',
          options.signal,
        ),
        ms: Math.round(performance.now() - start),
      }
    },
    describe,
  )
}

async function tablePrivileges(
  driver: Driver,
  schema: string,
  table: string,
  signal: AbortSignal | undefined,
): Promise<TablePrivileges> {
  const { rows } = await driver.query(
    `SELECT pg_get_userbyid(c.relowner) AS owner, has_table_privilege(c.oid, 'SELECT') AS can_read,
       has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') AS can_write
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, table],
    signal,
  )
  const row = rows[0]
  if (row === undefined) return { exists: false, owner: null, canRead: false, canWrite: false }
  return {
    exists: true,
    owner: String(row['owner']),
    canRead: row['can_read'] === true,
    canWrite: row['can_write'] === true,
  }
}

function describe(privileges: Privileges): string {
  const kind = privileges.inRecovery ? 'a replica' : 'the primary'
  const create = privileges.canCreateInSchema ? 'may' : 'may not'
  return `"${privileges.user}" on ${kind} ${create} create in the schema "${privileges.schema ?? ''}"`
}
