import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { connect, readJdbcUrl, type ConnectOptions, type Driver } from '@sluice/drivers'
import { postgresOfRun } from '@sluice/testing'
import pg from 'pg'
import type { Clock } from '../src/index.ts'

export const testClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await setTimeout(ms, undefined, signal === undefined ? {} : { signal })
  },
}

export interface TestDatabase extends AsyncDisposable {
  name: string
  /** A session of the superuser. */
  driver: Driver
  /** One more session. */
  open(options?: Partial<ConnectOptions>): Promise<Driver>
}

/** An empty database of the run's Postgres, dropped with everything connected to it. */
export async function openDatabase(): Promise<TestDatabase> {
  const server = new URL(await postgresOfRun())
  const name = `changelog_${randomBytes(6).toString('hex')}`
  await onServer(server, `CREATE DATABASE ${name}`)
  const target = readJdbcUrl(`jdbc:postgresql://${server.host}/${name}`)
  const drivers: Driver[] = []
  const open = async (options: Partial<ConnectOptions> = {}) => {
    const driver = await connect(target, {
      user: decodeURIComponent(server.username),
      password: decodeURIComponent(server.password),
      applicationName: 'changelog tests',
      ...options,
    })
    drivers.push(driver)
    return driver
  }
  return {
    name,
    driver: await open(),
    open,
    async [Symbol.asyncDispose]() {
      await Promise.all(drivers.map(async (driver) => driver.close()))
      await onServer(server, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

/** Runs SQL as the superuser, outside any test database. */
export async function onServer(server: URL, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.href })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
