import { randomBytes } from 'node:crypto'
import type { ServiceName } from '@sluice/contracts/network'
import { Client, escapeIdentifier as id } from 'pg'
import { postgresOfRun } from './postgres-of-run.ts'

/** How the template of a database is filled; `prepareServices` of @sluice/database/bootstrap makes these. */
export interface DatabaseTemplate {
  /** Databases of the same key are interchangeable within a run. */
  key: string
  prepare(superuserUrl: string): Promise<void>
  urlOf(superuserUrl: string, service: ServiceName): string
}

export interface ClonedDatabase {
  superuserUrl: string
  /** URL of the service's own role. */
  url(service: ServiceName): string
  drop(): Promise<void>
}

/**
 * A database of the caller's own: a clone (0.1 s) of a template that the first caller in the run fills.
 * Roles belong to the server and are shared; data is not.
 */
export async function cloneDatabase(template: DatabaseTemplate): Promise<ClonedDatabase> {
  const serverUrl = await postgresOfRun()
  const source = `template_${template.key.replaceAll(/[^a-z0-9]+/g, '_')}`.slice(0, 63)
  const name = `test_${randomBytes(6).toString('hex')}`
  await withServer(serverUrl, async (client) => {
    // One at a time: preparing alters shared roles, and a template in use can't be cloned.
    await client.query("select pg_advisory_lock(hashtext('sluice-test-template'))")
    const found = await client.query('select 1 from pg_database where datname = $1', [source])
    if (found.rowCount === 0) {
      // Named only when it is whole: a failed preparation is not taken for a template by the next file.
      const draft = `${source.slice(0, 50)}_${name.slice(5)}`
      await client.query(`create database ${id(draft)}`)
      await template.prepare(withDatabase(serverUrl, draft))
      await client.query(`alter database ${id(draft)} rename to ${id(source)}`)
    }
    await client.query(`create database ${id(name)} template ${id(source)} strategy file_copy`)
    await client.query(`revoke all on database ${id(name)} from public`)
  })
  const superuserUrl = withDatabase(serverUrl, name)
  await grantConnect(serverUrl, source, name)
  return {
    superuserUrl,
    url: (service) => template.urlOf(superuserUrl, service),
    drop: () =>
      withServer(serverUrl, async (client) => {
        await client.query(`drop database ${id(name)} with (force)`)
      }),
  }
}

/** A database's own rights are not part of what a template carries over. */
async function grantConnect(serverUrl: string, source: string, name: string): Promise<void> {
  await withServer(serverUrl, async (client) => {
    const { rows } = await client.query<{ role: string }>(
      `select grantee::regrole::text as role from pg_database, aclexplode(datacl) where datname = $1 and privilege_type = 'CONNECT'`,
      [source],
    )
    for (const { role } of rows) await client.query(`grant connect on database ${id(name)} to ${role}`)
  })
}

async function withServer(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'tests', connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}
