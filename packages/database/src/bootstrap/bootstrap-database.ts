import { Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { SCHEMA_OWNERS } from './roles.ts'

export interface BootstrapOptions {
  /** URL of a superuser (or of a managed server's administrator) to any database of the server. */
  superuserUrl: string
  /** Name of Sluice's database. */
  database?: string
  /** Password per service that owns a schema. */
  passwords: Record<string, string>
}

/**
 * Makes the database, one login role and one schema per service, and takes from PUBLIC what Postgres gives it.
 * Run again it changes nothing but passwords. It comes before any migration, because migrations grant to other roles.
 */
export async function bootstrapDatabase(options: BootstrapOptions): Promise<void> {
  const database = options.database ?? 'sluice'
  await withClient(options.superuserUrl, async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [database])
    if (found.rowCount === 0) await client.query(`create database ${id(database)}`)
    for (const { service, schema, role } of SCHEMA_OWNERS) {
      const password = options.passwords[service]
      if (password === undefined) throw new Error(`There is no password for the database role of "${service}".`)
      const known = await client.query('select 1 from pg_roles where rolname = $1', [role])
      const attributes = `login nosuperuser nocreatedb nocreaterole noreplication password ${literal(password)}`
      await client.query(`${known.rowCount === 0 ? 'create' : 'alter'} role ${id(role)} ${attributes}`)
      // Migrations and raw SQL name their own tables without a schema.
      await client.query(`alter role ${id(role)} set search_path = ${id(schema)}`)
    }
  })
  const url = new URL(options.superuserUrl)
  url.pathname = `/${database}`
  await withClient(url.href, async (client) => {
    await client.query(`revoke all on database ${id(database)} from public`)
    await client.query('revoke all on schema public from public')
    for (const { schema, role } of SCHEMA_OWNERS) {
      await client.query(`grant connect on database ${id(database)} to ${id(role)}`)
      await client.query(`create schema if not exists ${id(schema)} authorization ${id(role)}`)
    }
  })
}

async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({
    connectionString: url,
    application_name: 'sluice bootstrap',
    connectionTimeoutMillis: 10_000,
  })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
