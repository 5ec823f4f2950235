import { PrismaPg } from '@prisma/adapter-pg'
import { DriverAdapterError } from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import { Client, DatabaseError, Pool } from 'pg'
import { openSchemaEngine } from './open-schema-engine.ts'
import { readMigrations } from './read-migrations.ts'

const EMPTY_DATAMODEL = 'datasource db {\n  provider = "postgresql"\n}\n'

export interface MigrateOptions {
  /** URL of the role that owns the schema. */
  url: string
  schema: string
  /** Folder of the migrations: `apps/<service>/prisma/migrations`. */
  folder: string
}

/**
 * Applies the migrations that the schema doesn't have yet, as the schema's owner. Two callers at once wait for each other.
 * Each migration is applied whole or not at all; one that failed is marked as rolled back, so that a corrected one can follow.
 * @returns names of the migrations applied now
 * @throws Error with the migration's name and the database's message
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const migrationsList = await readMigrations(options.folder)
  const lock = new Client({ connectionString: options.url, application_name: 'sluice migrations' })
  await lock.connect()
  const pool = new Pool({ connectionString: options.url, max: 2, application_name: 'sluice migrations' })
  try {
    await lock.query('select pg_advisory_lock(hashtextextended($1, 0))', [`sluice:migrate:${options.schema}`])
    let reason: string | undefined
    const adapter = wholeScripts(pool, options.schema, (error) => {
      reason = error.message
    })
    const engine = await openSchemaEngine(adapter, [['schema.prisma', EMPTY_DATAMODEL]])
    try {
      const { appliedMigrationNames } = await engine.applyMigrations({
        migrationsList,
        filters: { externalTables: [], externalEnums: [] },
      })
      return appliedMigrationNames
    } catch (cause) {
      throw await explainFailure(engine, options.schema, cause, reason)
    } finally {
      engine.free()
    }
  } finally {
    await pool.end()
    await lock.end()
  }
}

/**
 * The adapter splits scripts at every semicolon, also at those inside `$$ … $$` and strings, and runs the pieces one by one.
 * Sent whole, as Prisma's native engine does, the server reads them right and makes one transaction of them.
 */
function wholeScripts(pool: Pool, schema: string, onError: (error: DatabaseError) => void): PrismaPg {
  const factory = new PrismaPg(pool, { schema })
  const connect = factory.connect.bind(factory)
  factory.connect = async () => {
    const adapter = await connect()
    adapter.executeScript = async (script) => {
      try {
        await pool.query(script)
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error
        onError(error)
        throw toAdapterError(error)
      }
    }
    return adapter
  }
  return factory
}

/** The form in which the engine takes over the database's own message. */
function toAdapterError(error: DatabaseError): DriverAdapterError {
  return new DriverAdapterError({
    kind: 'postgres',
    code: error.code ?? 'XX000',
    severity: error.severity ?? 'ERROR',
    message: error.message,
    detail: error.detail,
    column: error.column,
    hint: error.hint,
  })
}

async function explainFailure(
  engine: SchemaEngine,
  schema: string,
  cause: unknown,
  reason: string | undefined,
): Promise<Error> {
  const text = cause instanceof Error ? cause.message : String(cause)
  const migrationName = /migration_name="([^"]+)"/.exec(text)?.[1]
  if (migrationName === undefined)
    return new Error(`The migrations of schema "${schema}" could not be applied: ${text}`, { cause })
  await engine.markMigrationRolledBack({ migrationName })
  return new Error(
    `Migration "${migrationName}" of schema "${schema}" failed and changed nothing: ${reason ?? text}. Correct it and run it again.`,
    { cause },
  )
}
