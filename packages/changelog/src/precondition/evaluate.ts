import { DatabaseError, type Driver } from '@sluice/drivers/driver'
import { dbmsMatches } from '../expression/dbms.ts'
import type { Precondition, Preconditions } from '../model/change-log.ts'

/** `null`: it could not be evaluated, and `why` says so. */
export interface Evaluation {
  holds: boolean | null
  why: string
}

/**
 * Evaluates all of a changeset's preconditions. The caller has a READ ONLY transaction open, which this never leaves
 * in a failed state: a check whose SQL fails is undone to a savepoint.
 */
export async function evaluatePreconditions(
  driver: Driver,
  preconditions: Preconditions,
  signal?: AbortSignal,
): Promise<Evaluation> {
  return all(driver, preconditions.of, signal)
}

async function all(
  driver: Driver,
  conditions: readonly Precondition[],
  signal: AbortSignal | undefined,
): Promise<Evaluation> {
  let result: Evaluation = { holds: true, why: 'all preconditions hold' }
  for (const condition of conditions) {
    const evaluation = await evaluate(driver, condition, signal)
    if (evaluation.holds === false) return evaluation
    if (evaluation.holds === null) result = evaluation
  }
  return result
}

async function evaluate(driver: Driver, condition: Precondition, signal: AbortSignal | undefined): Promise<Evaluation> {
  switch (condition.kind) {
    case 'and':
      return all(driver, condition.of, signal)
    case 'or': {
      let last: Evaluation = { holds: false, why: 'none of the alternatives holds' }
      for (const alternative of condition.of) {
        const evaluation = await evaluate(driver, alternative, signal)
        if (evaluation.holds === true) return evaluation
        if (evaluation.holds === null) last = evaluation
      }
      return last
    }
    case 'not': {
      const inner = await all(driver, condition.of, signal)
      return inner.holds === null ? inner : { holds: !inner.holds, why: `not: ${inner.why}` }
    }
    case 'dbms':
      return {
        holds: dbmsMatches(condition.type, driver.dialect),
        why: `the database is ${driver.dialect}, wanted ${condition.type}`,
      }
    case 'sqlCheck':
      return sqlCheck(driver, condition.sql.text, condition.expectedResult, signal)
    case 'tableExists':
      return exists(driver, 'table', condition.schemaName, condition.tableName, "'r', 'p', 'f'", signal)
    case 'viewExists':
      return exists(driver, 'view', condition.schemaName, condition.viewName, "'v', 'm'", signal)
    case 'unbuilt':
      return { holds: null, why: `the precondition "${condition.name}" is not built yet` }
  }
}

async function sqlCheck(
  driver: Driver,
  sql: string,
  expected: string,
  signal: AbortSignal | undefined,
): Promise<Evaluation> {
  await driver.execute('SAVEPOINT precondition')
  try {
    const actual = await driver.firstText(sql.replace(/;\s*$/, ''), signal)
    return { holds: actual === expected, why: `the check gave "${actual ?? 'null'}", wanted "${expected}"` }
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.connectionLost || signal?.aborted === true) throw error
    return { holds: null, why: `the check failed: ${error.message}` }
  } finally {
    if (driver.inTransaction()) await driver.execute('ROLLBACK TO SAVEPOINT precondition')
  }
}

async function exists(
  driver: Driver,
  what: string,
  schema: string | null,
  name: string,
  kinds: string,
  signal: AbortSignal | undefined,
): Promise<Evaluation> {
  const { rows } = await driver.query(
    `SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = coalesce(lower($1), current_schema()) AND lower(c.relname) = lower($2) AND c.relkind IN (${kinds})`,
    [schema, name],
    signal,
  )
  const found = rows.length > 0
  return { holds: found, why: `the ${what} "${name}" ${found ? 'exists' : 'does not exist'}` }
}

/** One line for a plan. */
export function describePrecondition(condition: Precondition): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
    case 'not':
      return `${condition.kind}(${condition.of.map(describePrecondition).join(', ')})`
    case 'dbms':
      return `dbms is ${condition.type}`
    case 'sqlCheck':
      return `sqlCheck expects "${condition.expectedResult}" of ${condition.sql.text}`
    case 'tableExists':
      return `table ${condition.tableName} exists`
    case 'viewExists':
      return `view ${condition.viewName} exists`
    case 'unbuilt':
      return condition.name
  }
}

/** Kinds among these that can't be evaluated, with their places. */
export function unbuiltPreconditions(
  conditions: readonly Precondition[],
): Extract<Precondition, { kind: 'unbuilt' }>[] {
  return conditions.flatMap((condition) => {
    if (condition.kind === 'unbuilt') return [condition]
    return 'of' in condition ? unbuiltPreconditions(condition.of) : []
  })
}
