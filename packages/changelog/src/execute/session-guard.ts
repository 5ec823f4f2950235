import type { Driver, SessionInfo } from '@sluice/drivers/driver'
import { ChangelogError } from '../error.ts'
import { SESSION_COLUMNS } from '../history/write-history.ts'

/**
 * Keeps the session what it was when the plan was made: the same one on the server (the lock lives and dies with it),
 * with the same role and search path, whatever changesets set in it.
 */
export class SessionGuard {
  readonly #driver: Driver
  readonly #session: SessionInfo
  #changed = false

  constructor(driver: Driver, session: SessionInfo) {
    this.#driver = driver
    this.#session = session
  }

  /** Opens a transaction with these limits: 0 for none. */
  async begin(lockTimeoutMs: number, signal?: AbortSignal): Promise<void> {
    await this.restore(signal)
    await this.#driver.execute(
      `BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs}; SET LOCAL statement_timeout = 0`,
      signal,
    )
  }

  /** Sets the limits for statements outside a transaction. */
  async limit(lockTimeoutMs: number, signal?: AbortSignal): Promise<void> {
    await this.restore(signal)
    await this.#driver.execute(`SET lock_timeout = ${lockTimeoutMs}; SET statement_timeout = 0`, signal)
  }

  /**
   * Takes note of {@link SESSION_COLUMNS} of a row.
   * @throws ChangelogError LOCK_NOT_SESSION_BOUND when a pooler has given us another session: its transaction must be rolled back.
   */
  observe(row: Record<string, unknown>): void {
    this.#changed =
      row['session_role'] !== (this.#session.role ?? 'none') || row['session_search_path'] !== this.#session.searchPath
    if (Number(row['session_pid']) === this.#session.backendPid) return
    throw new ChangelogError(
      'LOCK_NOT_SESSION_BOUND',
      'The session was changed by a connection pooler between two statements, so that the lock no longer holds. Give the connector a URL that leads to the database directly',
    )
  }

  /** Sees whether the role was changed, and takes it back: the history row is written by whoever planned. */
  async restoreNow(signal?: AbortSignal): Promise<void> {
    this.#changed = true
    await this.restore(signal)
  }

  async restore(signal?: AbortSignal): Promise<void> {
    if (!this.#changed) return
    const { role, searchPath } = this.#session
    const { rows } = await this.#driver.query(
      `WITH restored AS MATERIALIZED (SELECT set_config('role', $1, false), set_config('search_path', $2, false)) SELECT ${SESSION_COLUMNS} FROM restored`,
      [role ?? 'none', searchPath],
      signal,
    )
    this.observe(rows[0] ?? {})
    this.#changed = false
  }

  /** After a failure nothing is known of the session: it is restored before the next changeset. */
  distrust(): void {
    this.#changed = true
  }
}
