import pg from 'pg'
import {
  DatabaseError,
  type DatabaseIdentity,
  type Driver,
  type QueryResult,
  type SessionInfo,
  type StatementResult,
} from '../driver.ts'

/** How long the server may take to react to each cancel request: the first may overtake the statement itself. */
const CANCEL_PATIENCE_MS = [100, 300, 1_000, 3_000, 5_000]
/** For the connection that carries a cancel request. */
const CANCEL_CONNECT_MS = 5_000
/** How long a polite goodbye may take before the socket is cut. */
const CLOSE_PATIENCE_MS = 2_000

/** One PostgreSQL session. Made by `connect`. */
export class PostgresDriver implements Driver {
  readonly dialect = 'postgresql'
  readonly #client: pg.Client
  readonly #cancel: (signal: AbortSignal) => Promise<void>
  #lost: DatabaseError | undefined
  #closed = false

  /** @param cancel asks the server, on another connection, to cancel what this session runs. */
  constructor(client: pg.Client, cancel: (signal: AbortSignal) => Promise<void>) {
    this.#client = client
    this.#cancel = cancel
    client.on('error', (error) => {
      this.#lost ??= lostError(error)
    })
  }

  async identity(signal?: AbortSignal): Promise<DatabaseIdentity> {
    const sql = `SELECT current_database() AS database, coalesce(current_schema(), '') AS schema, current_setting('server_version') AS version,
      (SELECT oid::text FROM pg_catalog.pg_database WHERE datname = current_database()) AS oid,
      has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS may_read`
    const { rows } = await this.query(sql, [], signal)
    const row = rows[0] ?? {}
    let systemIdentifier = `oid:${text(row['oid'])}`
    if (row['may_read'] === true) {
      const system = await this.query(
        'SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()',
        [],
        signal,
      )
      systemIdentifier = text(system.rows[0]?.['id'])
    }
    return {
      dialect: 'postgresql',
      systemIdentifier,
      database: text(row['database']),
      schema: text(row['schema']),
      version: text(row['version']).split(' ')[0] ?? '',
    }
  }

  async session(signal?: AbortSignal): Promise<SessionInfo> {
    const sql = `SELECT session_user AS session_user, current_user AS current_user, current_setting('role') AS role, current_setting('search_path') AS search_path,
      pg_backend_pid() AS pid, current_setting('default_transaction_read_only') = 'on' AS read_only, pg_is_in_recovery() AS in_recovery`
    const row = (await this.query(sql, [], signal)).rows[0] ?? {}
    const role = text(row['role'])
    return {
      user: text(row['session_user']),
      role: role === 'none' ? null : role,
      searchPath: text(row['search_path']),
      backendPid: Number(row['pid']),
      readOnly: row['read_only'] === true,
      inRecovery: row['in_recovery'] === true,
    }
  }

  async query(sql: string, params: readonly unknown[] = [], signal?: AbortSignal): Promise<QueryResult> {
    const result = await this.#run(() => this.#client.query<Record<string, unknown>>(sql, [...params]), signal)
    return { rows: result.rows, rowCount: result.rowCount }
  }

  async firstText(sql: string, signal?: AbortSignal): Promise<string | null> {
    const raw = { getTypeParser: () => (value: string) => value }
    const result = await this.#run(
      () => this.#client.query<(string | null)[]>({ text: sql, rowMode: 'array', types: raw }),
      signal,
    )
    return result.rows[0]?.[0] ?? null
  }

  async execute(sql: string, signal?: AbortSignal): Promise<StatementResult> {
    return this.#run(() => this.#send(sql), signal)
  }

  async begin(mode: { readOnly?: boolean } = {}, signal?: AbortSignal): Promise<void> {
    await this.execute(mode.readOnly === true ? 'BEGIN READ ONLY' : 'BEGIN', signal)
  }

  async commit(): Promise<void> {
    await this.execute('COMMIT')
  }

  async rollback(): Promise<void> {
    if (this.inTransaction()) await this.execute('ROLLBACK')
  }

  inTransaction(): boolean {
    const status = this.#client.getTransactionStatus()
    return status === 'T' || status === 'E'
  }

  onNotice(listener: (message: string) => void): () => void {
    const heard = (notice: { message?: string | undefined; severity?: string | undefined }) =>
      listener(`${notice.severity ?? 'NOTICE'}: ${notice.message ?? ''}`)
    this.#client.on('notice', heard)
    return () => this.#client.off('notice', heard)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const timer = setTimeout(() => this.#client.connection.stream.destroy(), CLOSE_PATIENCE_MS)
    try {
      await this.#client.end()
    } catch (error) {
      // A session that is gone already is as closed as can be.
      this.#lost ??= lostError(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Sends SQL in the simple protocol; rows are dropped as they come, however many there are. */
  #send(sql: string): Promise<StatementResult> {
    return new Promise((fulfil, reject) => {
      const query = new pg.Query(sql)
      query.on('row', () => undefined)
      query.on('error', reject)
      query.on('end', (results: pg.QueryResult | pg.QueryResult[]) => {
        const last = Array.isArray(results) ? results.at(-1) : results
        fulfil({ command: last?.command ?? '', rowCount: last?.rowCount ?? null })
      })
      this.#client.query(query)
    })
  }

  async #run<T>(start: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (this.#lost !== undefined) throw this.#lost
    if (signal?.aborted === true)
      throw new DatabaseError('canceling statement due to user request', { sqlState: '57014', cause: signal.reason })
    const running = start()
    const cancelling = signal === undefined ? undefined : this.#cancelOnAbort(running, signal)
    try {
      return await running
    } catch (error) {
      throw this.#translate(error)
    } finally {
      await cancelling?.()
    }
  }

  /** @returns what to await when the statement has ended: no cancel request is then still under way. */
  #cancelOnAbort(running: Promise<unknown>, signal: AbortSignal): () => Promise<void> {
    const settled = running.then(
      () => true,
      () => true,
    )
    let cancelling: Promise<void> | undefined
    const onAbort = () => {
      cancelling = this.#cancelUntil(settled)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    return async () => {
      signal.removeEventListener('abort', onAbort)
      await cancelling
    }
  }

  async #cancelUntil(settled: Promise<boolean>): Promise<void> {
    for (const patienceMs of CANCEL_PATIENCE_MS) {
      // A failed request is told apart by its effect: the statement goes on, and the next attempt or the cut decides.
      await this.#cancel(AbortSignal.timeout(CANCEL_CONNECT_MS)).catch(() => undefined)
      const patience = Promise.withResolvers<false>()
      const timer = setTimeout(() => patience.resolve(false), patienceMs)
      const over = await Promise.race([settled, patience.promise])
      clearTimeout(timer)
      if (over) return
    }
    this.#client.connection.stream.destroy()
  }

  #translate(error: unknown): DatabaseError {
    if (!(error instanceof pg.DatabaseError)) {
      const lost = lostError(error)
      this.#lost ??= lost
      return this.#lost
    }
    const fatal = error.severity === 'FATAL' || error.severity === 'PANIC'
    const translated = new DatabaseError(error.message, {
      sqlState: error.code ?? null,
      position: error.position === undefined ? null : Number(error.position),
      detail: error.detail ?? null,
      hint: error.hint ?? null,
      where: error.where ?? null,
      connectionLost: fatal,
      cause: error,
    })
    if (fatal) this.#lost ??= translated
    return translated
  }
}

function lostError(error: unknown): DatabaseError {
  return new DatabaseError(`the connection was lost: ${error instanceof Error ? error.message : String(error)}`, {
    connectionLost: true,
    cause: error,
  })
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
