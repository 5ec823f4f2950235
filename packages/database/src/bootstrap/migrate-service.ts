import { fileURLToPath } from 'node:url'
import type { ServiceName } from '@sluice/contracts/network'
import { Client } from 'pg'
import { migrate } from '../migrations/migrate.ts'
import { grantStatements } from './grants.ts'
import { inboxDdl, inboxesOf } from './inbox-table.ts'
import { schemaOwner } from './roles.ts'

export interface MigrateServiceOptions {
  /** URL of the service's own role. */
  url: string
  service: ServiceName
  /** Folder of the migrations; by default the one of the app in this repository. */
  folder?: string
}

/**
 * Brings a service's schema up to date: its own migrations, then its inbox, then the grants to other services.
 * The inbox comes after the first migration because Prisma's engine wants the schema empty before that.
 * The roles must exist (bootstrapDatabase).
 */
export async function migrateService(options: MigrateServiceOptions): Promise<{ applied: string[] }> {
  const { service } = options
  const { schema } = schemaOwner(service)
  const applied = await migrate({ url: options.url, schema, folder: options.folder ?? migrationsFolder(service) })
  const client = new Client({
    connectionString: options.url,
    application_name: 'sluice migrations',
    connectionTimeoutMillis: 10_000,
  })
  await client.connect()
  try {
    const statements = [...inboxesOf(service).map((inbox) => inboxDdl(inbox)), ...grantStatements(service)]
    // Replicas that start together would otherwise meet in the catalogue ("tuple concurrently updated").
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [`sluice:migrate:${schema}`])
    // One simple query is one transaction.
    await client.query(statements.join(';\n'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`The inbox and grants of schema "${schema}" could not be made: ${reason}`, { cause })
  } finally {
    await client.end()
  }
  return { applied }
}

/** `apps/<service>/prisma/migrations` of this repository. */
export function migrationsFolder(service: ServiceName): string {
  return fileURLToPath(new URL(`../../../../apps/${service}/prisma/migrations`, import.meta.url))
}
