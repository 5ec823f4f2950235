/**
 * What the rest of the system knows of a target database: one session on one connection.
 * Types and one error class only, so that the migration engine can import it without importing a client library.
 */

export const DIALECTS = ['postgresql', 'mysql', 'mariadb'] as const
export type Dialect = (typeof DIALECTS)[number]

/** Which database this is, whatever name or address it was reached by. */
export interface DatabaseIdentity {
  dialect: Dialect
  /** Postgres: `system_identifier` of the cluster; `oid:<database oid>` where the account may not read it. */
  systemIdentifier: string
  database: string
  /** The schema that unqualified names are created in; empty when the search path names none that exists. */
  schema: string
  /** For people, e.g. `18.1`; no part of the identity. */
  version: string
}

export interface SessionInfo {
  /** The account that logged in. */
  user: string
  /** The role taken on with SET ROLE, null for none. */
  role: string | null
  searchPath: string
  backendPid: number
  /** Every transaction of this session is read-only, by the account's or the server's setting. */
  readOnly: boolean
  /** The server is a replica. */
  inRecovery: boolean
}

export interface QueryResult {
  rows: Record<string, unknown>[]
  rowCount: number | null
}

export interface StatementResult {
  /** The command tag's first words, e.g. `CREATE TABLE` or `INSERT`. */
  command: string
  rowCount: number | null
}

/**
 * One session on one connection. Calls must not overlap: the caller awaits each before the next.
 * Every call takes an AbortSignal; an abort cancels the statement *on the server*, waits until the server says so and
 * then throws the server's {@link DatabaseError} (SQLSTATE 57014). The session stays usable after that.
 *
 * Every call throws {@link DatabaseError}; one whose `connectionLost` is true ends the session.
 */
export interface Driver {
  readonly dialect: Dialect
  identity(signal?: AbortSignal): Promise<DatabaseIdentity>
  session(signal?: AbortSignal): Promise<SessionInfo>
  /** One statement with parameters `$1…`; rows as objects. */
  query(sql: string, params?: readonly unknown[], signal?: AbortSignal): Promise<QueryResult>
  /** The first value of the first row as the server writes it, e.g. `t` for true; null for NULL and for no row. */
  firstText(sql: string, signal?: AbortSignal): Promise<string | null>
  /** SQL text as it is, without parameters; rows are thrown away. Several statements at once answer for the last one. */
  execute(sql: string, signal?: AbortSignal): Promise<StatementResult>
  begin(mode?: { readOnly?: boolean }, signal?: AbortSignal): Promise<void>
  commit(): Promise<void>
  /** Harmless outside a transaction. */
  rollback(): Promise<void>
  /** True while a transaction is open, also a failed one. */
  inTransaction(): boolean
  /** Hears the server's notices and warnings. @returns the function that stops it. */
  onNotice(listener: (message: string) => void): () => void
  close(): Promise<void>
}

export interface DatabaseErrorFields {
  sqlState?: string | null
  position?: number | null
  detail?: string | null
  hint?: string | null
  where?: string | null
  connectionLost?: boolean
  cause?: unknown
}

/** The database's own words. `detail` may hold values of rows: it is for those who may see rows. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  /** SQLSTATE, null when the connection broke before the server could say. */
  readonly sqlState: string | null
  /** Character of the statement's text at which the server saw the error, counted from 1. */
  readonly position: number | null
  readonly detail: string | null
  readonly hint: string | null
  /** The server's call stack, e.g. the function and line. */
  readonly where: string | null
  readonly connectionLost: boolean

  constructor(message: string, fields: DatabaseErrorFields = {}) {
    super(message, { cause: fields.cause })
    this.sqlState = fields.sqlState ?? null
    this.position = fields.position ?? null
    this.detail = fields.detail ?? null
    this.hint = fields.hint ?? null
    this.where = fields.where ?? null
    this.connectionLost = fields.connectionLost ?? false
  }
}
