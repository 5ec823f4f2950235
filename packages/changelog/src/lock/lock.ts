import { DatabaseError, type Driver } from '@sluice/drivers/driver'
import type { Clock } from '../clock.ts'
import { ChangelogError } from '../error.ts'
import { createMissingTables, qualified, type HistoryTables } from '../history/tables.ts'
import { lockKey } from './lock-key.ts'
import { describeSession, findLockSession, readLockRow } from './read-lock.ts'

/** How LOCKEDBY begins when this engine wrote it. */
const OURS = 'sluice '
const POLL_MS = 250
/** The row is only ever held for an instant by whoever changes it. */
const ROW_LOCK_TIMEOUT = '5s'
const OWNER_LENGTH = 255

export interface LockOptions {
  clock: Clock
  /** Told to whoever meets the lock. */
  owner: string
  /** How long to wait for a lock that is held; 0 to refuse at once. */
  lockWaitMs: number
  onWaiting(heldBy: string, since: string | null): void
  onTablesCreated(tables: string[]): void
  signal?: AbortSignal | undefined
}

/**
 * The lock of one history: an advisory lock of the session, which dies with it, and Liquibase's row beside it, so that
 * Liquibase waits for us and we for it. Both are taken on the connection that runs the changesets.
 */
export class ChangelogLock {
  readonly owner: string
  /** Whose stale row was taken over: that of a session which no longer exists. */
  readonly takenOverFrom: string | null
  readonly #driver: Driver
  readonly #tables: HistoryTables

  private constructor(driver: Driver, tables: HistoryTables, owner: string, takenOverFrom: string | null) {
    this.#driver = driver
    this.#tables = tables
    this.owner = owner
    this.takenOverFrom = takenOverFrom
  }

  /**
   * @throws ChangelogError CHANGELOG_LOCKED, naming who holds it since when; LOCK_NOT_SESSION_BOUND behind a pooler that
   * changes the session under us; ABORTED.
   */
  static async take(driver: Driver, tables: HistoryTables, options: LockOptions): Promise<ChangelogLock> {
    const { backendPid } = await driver.session(options.signal)
    const owner = `${OURS}${options.owner}`.slice(0, OWNER_LENGTH - 20) + ` (${backendPid})`
    const deadline = options.clock.now() + options.lockWaitMs
    const pid = await takeSessionLock(driver, tables, options, deadline)
    try {
      await checkSessionLock(driver, tables, pid, options.signal)
      await provideLockRow(driver, tables, options)
      const takenOverFrom = await takeRow(driver, tables, owner, options, deadline)
      return new ChangelogLock(driver, tables, owner, takenOverFrom)
    } catch (error) {
      await driver.rollback().catch(() => undefined)
      await releaseSessionLock(driver, tables).catch(() => undefined)
      throw error
    }
  }

  /** Frees row and session lock, only where they are still ours. @returns false when the connection is gone: the next run takes the row over. */
  async release(): Promise<boolean> {
    try {
      await this.#driver.rollback()
      await this.#driver.query(
        `UPDATE ${qualified(this.#tables, 'lockTable')} SET locked = FALSE, lockgranted = NULL, lockedby = NULL WHERE id = 1 AND lockedby = $1`,
        [this.owner],
      )
      await releaseSessionLock(this.#driver, this.#tables)
      return true
    } catch (error) {
      if (error instanceof DatabaseError) return false
      throw error
    }
  }
}

async function takeSessionLock(
  driver: Driver,
  tables: HistoryTables,
  options: LockOptions,
  deadline: number,
): Promise<number> {
  for (;;) {
    const { rows } = await driver.query(
      'SELECT pg_try_advisory_lock($1::bigint) AS taken, pg_backend_pid() AS pid',
      [lockKey(tables)],
      options.signal,
    )
    if (rows[0]?.['taken'] === true) return Number(rows[0]['pid'])
    const session = await findLockSession(driver, tables, options.signal)
    const row = await readLockRow(driver, tables, options.signal)
    const heldBy = row.lockedBy ?? (session === undefined ? 'another session' : describeSession(session))
    await waitOrRefuse(heldBy, row.since ?? session?.since ?? null, options, deadline)
  }
}

/** Behind a pooler in transaction mode the next statement may reach another session, and the lock excludes nobody. */
async function checkSessionLock(
  driver: Driver,
  tables: HistoryTables,
  pid: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const session = await findLockSession(driver, tables, signal)
  const { rows } = await driver.query('SELECT pg_backend_pid() AS pid', [], signal)
  if (session?.pid === pid && Number(rows[0]?.['pid']) === pid) return
  throw new ChangelogError(
    'LOCK_NOT_SESSION_BOUND',
    'The session changes between statements, as it does behind a connection pooler in transaction mode, so that no lock holds. Give the connector a URL that leads to the database directly',
  )
}

/** Behind a pooler the unlock has to meet the session that took the lock; directly, the first attempt does. */
const RELEASE_ATTEMPTS = 50

async function releaseSessionLock(driver: Driver, tables: HistoryTables): Promise<void> {
  for (let attempt = 0; attempt < RELEASE_ATTEMPTS; attempt += 1) {
    const { rows } = await driver.query('SELECT pg_advisory_unlock($1::bigint) AS released', [lockKey(tables)])
    if (rows[0]?.['released'] === true) return
  }
}

async function provideLockRow(driver: Driver, tables: HistoryTables, options: LockOptions): Promise<void> {
  await driver.begin({}, options.signal)
  try {
    await driver.execute(`SET LOCAL lock_timeout = '${ROW_LOCK_TIMEOUT}'`)
    const created = await createMissingTables(driver, tables, 'lock')
    const name = qualified(tables, 'lockTable')
    await driver.query(
      `INSERT INTO ${name} (id, locked) SELECT 1, FALSE WHERE NOT EXISTS (SELECT 1 FROM ${name} WHERE id = 1)`,
    )
    await driver.commit()
    if (created.length > 0) options.onTablesCreated(created)
  } catch (error) {
    await driver.rollback()
    // Liquibase, which knows nothing of the session lock, made the table in the same moment.
    const raced = error instanceof DatabaseError && (error.sqlState === '42P07' || error.sqlState === '23505')
    if (!raced) throw notPermitted(error, tables)
  }
}

async function takeRow(
  driver: Driver,
  tables: HistoryTables,
  owner: string,
  options: LockOptions,
  deadline: number,
): Promise<string | null> {
  const name = qualified(tables, 'lockTable')
  for (;;) {
    const row = await readLockRow(driver, tables, options.signal)
    // We hold the session lock, so a row that this engine wrote belongs to a session that is gone.
    const stale = row.locked && row.lockedBy !== null && row.lockedBy.startsWith(OURS) ? row.lockedBy : null
    if (!row.locked || stale !== null) {
      await driver.begin({}, options.signal)
      try {
        await driver.execute(`SET LOCAL lock_timeout = '${ROW_LOCK_TIMEOUT}'`)
        const { rowCount } = await driver.query(
          `UPDATE ${name} SET locked = TRUE, lockedby = $1, lockgranted = NOW() WHERE id = 1 AND (locked = FALSE OR lockedby = $2)`,
          [owner, stale],
          options.signal,
        )
        await driver.commit()
        if (rowCount === 1) return stale
      } catch (error) {
        await driver.rollback()
        // 55P03: somebody is changing the row right now; the next look tells who.
        if (!(error instanceof DatabaseError) || error.sqlState !== '55P03') throw notPermitted(error, tables)
      }
    }
    const now = await readLockRow(driver, tables, options.signal)
    await waitOrRefuse(now.lockedBy ?? 'another client', now.since, options, deadline)
  }
}

async function waitOrRefuse(
  heldBy: string,
  since: string | null,
  options: LockOptions,
  deadline: number,
): Promise<void> {
  const left = deadline - options.clock.now()
  if (left <= 0) {
    const when = since === null ? '' : ` since ${since}`
    const how = heldBy.startsWith(OURS)
      ? 'Wait until it has finished, or abort it'
      : 'Wait until it has finished; if it was Liquibase and no longer runs, free it with "liquibase release-locks"'
    throw new ChangelogError('CHANGELOG_LOCKED', `The changelog is locked by "${heldBy}"${when}. ${how}`, {
      details: { heldBy, since },
    })
  }
  options.onWaiting(heldBy, since)
  await options.clock.sleep(Math.min(POLL_MS, left), options.signal)
}

function notPermitted(error: unknown, tables: HistoryTables): unknown {
  if (!(error instanceof DatabaseError) || (error.sqlState !== '42501' && error.sqlState !== '25006')) return error
  const table = `${tables.schema}.${tables.lockTable}`
  return new ChangelogError(
    'APPLY_NOT_PERMITTED',
    `The account may not write the lock table "${table}": ${error.message}. Use an account that may change the schema`,
    {
      cause: error,
      details: { table },
    },
  )
}
