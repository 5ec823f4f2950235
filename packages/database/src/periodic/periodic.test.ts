import { cloneDatabase, until, type ClonedDatabase } from '@sluice/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareServices } from '../bootstrap/prepare-services.ts'
import { createPeriodic } from './create-periodic.ts'

let database: ClonedDatabase

beforeAll(async () => {
  database = await cloneDatabase(prepareServices([]))
})
afterAll(() => database.drop())

function replica(name: string, runs: string[], errors: Error[] = []) {
  const run = async () => {
    runs.push(name)
  }
  return createPeriodic({
    url: database.url('log-service'),
    tasks: [{ name: 'log.prune', everyMs: 10, run }],
    onError: (error) => errors.push(error),
  })
}

test('a periodic task runs in one replica, and another takes over when that one stops', async () => {
  const runs: string[] = []
  const first = replica('first', runs)
  const second = replica('second', runs)
  await first.start()
  await until(() => runs.length > 3, { what: 'the first replica to run' })
  await second.start()
  await until(() => runs.length > 10, { what: 'more runs' })
  expect(new Set(runs)).toEqual(new Set(['first']))
  await first.stop()
  await until(() => runs.includes('second'), { what: 'the second replica to take over' })
  await second.stop()
})

test('a periodic task goes on after its connection was lost', async () => {
  const runs: string[] = []
  const errors: Error[] = []
  const only = replica('only', runs, errors)
  await only.start()
  await until(() => runs.length > 2, { what: 'the task to run' })
  const admin = new Client(database.superuserUrl)
  await admin.connect()
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sluice periodic' and datname = current_database()`,
  )
  await admin.end()
  const before = runs.length
  await until(() => runs.length > before + 3, { what: 'the task to run again' })
  await only.stop()
})
