import { Client } from 'pg'

/** What a statement came to: `allowed` also where it failed for another reason than a missing right. */
export type Verdict = 'allowed' | 'refused'

const INSUFFICIENT_PRIVILEGE = '42501'

export interface RoleSession {
  client: Client
  /** Tries a statement and takes back whatever it did. */
  try(sql: string): Promise<Verdict>
  end(): Promise<void>
}

/** A connection with one service's own role. */
export async function connectAs(url: string): Promise<RoleSession> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return {
    client,
    async try(sql) {
      await client.query('begin')
      try {
        await client.query(sql)
        return 'allowed'
      } catch (error) {
        return Object(error).code === INSUFFICIENT_PRIVILEGE ? 'refused' : 'allowed'
      } finally {
        await client.query('rollback')
      }
    },
    end: () => client.end(),
  }
}
