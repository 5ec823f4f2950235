import { Pool } from 'pg'

export interface PoolOptions {
  url: string
  /** Shown in `pg_stat_activity`: the service's name. */
  applicationName: string
  /** Connections at most. A local Postgres has 300, shared by eight services and their replicas. */
  max?: number
  /** The server ends any statement that takes longer. */
  statementTimeoutMs?: number
}

/** A pool of connections in the role that `url` names. The caller ends it. */
export function createPool(options: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.max ?? 5,
    statement_timeout: options.statementTimeoutMs ?? 15_000,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  })
  // An idle connection that the server closes is emitted here; without a listener it would end the process.
  // The pool has dropped it already, and the next query opens another.
  pool.on('error', () => undefined)
  return pool
}
