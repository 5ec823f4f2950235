import { Client, escapeIdentifier, escapeLiteral } from 'pg'
import { STAGES, type DemoState, type Stage } from './demo-state.ts'

const CONNECT_WITHIN_MS = 10_000
const STATEMENT_WITHIN_MS = 60_000

/** The database of a stage and the role that owns it. */
export function databaseOf(stage: Stage): { database: string; owner: string } {
  return { database: `shop_${stage}`, owner: `shop_${stage}_owner` }
}

/**
 * Makes the customer's databases: each with its owner, and closed to everybody else, Sluice's services among them. What is
 * there already stays as it is.
 */
export async function makeDatabases(superuserUrl: string, passwords: DemoState['passwords']): Promise<void> {
  const client = new Client({
    connectionString: superuserUrl,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    statement_timeout: STATEMENT_WITHIN_MS,
  })
  await client.connect()
  try {
    for (const stage of STAGES) await makeDatabase(client, stage, passwords[stage])
  } finally {
    await client.end()
  }
}

async function makeDatabase(client: Client, stage: Stage, password: string): Promise<void> {
  const { database, owner } = databaseOf(stage)
  const [quotedOwner, quotedDatabase] = [escapeIdentifier(owner), escapeIdentifier(database)]
  const { rowCount: hasOwner } = await client.query('select 1 from pg_roles where rolname = $1', [owner])
  await client.query(
    `${hasOwner ? 'alter' : 'create'} role ${quotedOwner} login nosuperuser nocreatedb nocreaterole password ${escapeLiteral(password)}`,
  )
  const { rowCount: hasDatabase } = await client.query('select 1 from pg_database where datname = $1', [database])
  if (!hasDatabase) await client.query(`create database ${quotedDatabase} owner ${quotedOwner}`)
  await client.query(`revoke all on database ${quotedDatabase} from public`)
}
