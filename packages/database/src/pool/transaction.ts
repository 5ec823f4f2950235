import type { Pool, PoolClient } from 'pg'

/** A transaction of `pg`. */
export interface PgTransaction {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

/** A transaction of a Prisma client: the part that runs plain SQL. */
export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...values: unknown[]): Promise<unknown>
}

/** What our own SQL can run in: `pg` and Prisma transactions alike. */
export type SqlTransaction = PgTransaction | PrismaTransaction

/** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
export type Transact<Tx extends SqlTransaction> = <Result>(work: (tx: Tx) => Promise<Result>) => Promise<Result>

/**
 * Runs one statement with `$1`-style parameters in whichever kind of transaction the caller has.
 * Prisma refuses result columns of type void.
 */
export async function runSql(tx: SqlTransaction, text: string, values: unknown[] = []): Promise<unknown[]> {
  if ('query' in tx) return (await tx.query(text, values)).rows
  const rows = await tx.$queryRawUnsafe(text, ...values)
  return Array.isArray(rows) ? rows : []
}

/** Transactions of a `pg` pool, for raw SQL. */
export function transactOn(pool: Pool): Transact<PoolClient> {
  return async (work) => {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query('begin')
      const result = await work(client)
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((cause: unknown) => {
        // The connection itself is gone: it must not go back to the pool in the middle of a transaction.
        broken = cause instanceof Error ? cause : new Error(String(cause))
      })
      throw error
    } finally {
      client.release(broken)
    }
  }
}
