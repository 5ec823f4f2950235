import { until } from '@sluice/testing'
import type { CustomerDatabase } from '../system/customer.ts'
import type { Compose } from './start-compose.ts'
import { docker } from './docker.ts'

const PASSWORD = 'password of the customer'

export interface CustomerServer {
  database: CustomerDatabase
  /** Rows as text, columns parted by `|`. */
  sql(statement: string): Promise<string[]>
  stop(): Promise<void>
}

/** A Postgres of the customer's, in a container that only the delegate's network reaches. */
export async function startCustomerServer(compose: Compose, name: string): Promise<CustomerServer> {
  const network = ['--network', compose.networkOf('customer'), '--network-alias', name]
  const environment = [`POSTGRES_PASSWORD=${PASSWORD}`, 'POSTGRES_DB=shop', 'LANG=C.UTF-8']
  const settings = [...network, ...environment.flatMap((setting) => ['--env', setting])]
  const id = (await docker('run', '--detach', '--rm', ...settings, 'postgres:17')).trim()
  const sql = async (statement: string): Promise<string[]> => {
    const client = ['psql', '-h', '127.0.0.1', '-U', 'postgres', '-d', 'shop', '-At', '-c', statement]
    const output = await docker('exec', '--env', `PGPASSWORD=${PASSWORD}`, id, ...client)
    return output.split('\n').filter((line) => line !== '')
  }
  await until(() => sql('select 1'), { what: 'the customer’s Postgres', deadlineMs: 60_000, everyMs: 200 })
  return {
    database: {
      name: 'shop',
      jdbcUrl: `jdbc:postgresql://${name}:5432/shop`,
      username: 'postgres',
      password: PASSWORD,
    },
    sql,
    stop: async () => void (await docker('rm', '--force', '--volumes', id)),
  }
}
