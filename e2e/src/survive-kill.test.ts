import { SERVICE_NAMES } from '@sluice/contracts/network'
import { until } from '@sluice/testing'
import { Redis } from 'ioredis'
import { beforeAll, describe, expect, test } from 'vitest'
import { signIn, type ApiClient } from './system/api-client.ts'
import { createCustomerDatabase, customerSql, type CustomerDatabase } from './system/customer.ts'
import { expectNothingLeftBehind, historyOf, locksOf } from './system/left-behind.ts'
import {
  connectDatabase,
  connectGit,
  createInstance,
  createPipeline,
  createSchema,
  pipelineYaml,
  readRun,
  runToEnd,
  startRun,
  waitForRun,
  type Run,
} from './system/project.ts'
import { followLog, linesOf, logKeysOf } from './system/read-log.ts'
import { createRepository, kill, restart, system } from './system/system.ts'
import type { ProcessName } from './system/system-info.ts'

/** A sequence isn't rolled back: it counts every attempt, also those that a failure took back. */
const CHANGELOG = `--liquibase formatted sql

--changeset ana:first
create table ran (name text not null);
create sequence attempts;
insert into ran select 'first' from nextval('attempts');

--changeset ana:slow
insert into ran select 'slow' from nextval('attempts');
select pg_sleep(2);

--changeset ana:last
insert into ran select 'last' from nextval('attempts');
`
const CHANGESETS = ['first', 'slow', 'last']

let client: ApiClient
let count = 0

beforeAll(async () => {
  client = await signIn(system.first)
  const { url } = await createRepository('survive', { 'db/changelog.sql': CHANGELOG })
  await connectGit(client, 'survive_git', url)
  await createSchema(client, 'survive', 'survive_git', 'db/changelog.sql')
})

/** A fresh database with an instance and a pipeline that previews and applies there. */
async function prepare(): Promise<CustomerDatabase> {
  count += 1
  const name = `survive_${count}`
  const database = await createCustomerDatabase(name)
  await connectDatabase(client, name, database)
  await createInstance(client, 'survive', name, name)
  await createPipeline(
    client,
    pipelineYaml(name, [
      { identifier: 'preview', type: 'DBSchemaUpdateSQL', dbSchema: 'survive', dbInstance: name },
      { identifier: 'apply', type: 'DBSchemaApply', dbSchema: 'survive', dbInstance: name },
    ]),
  )
  return database
}

/** Until the slow statement runs in the customer's database (or no longer does). */
async function whileSlow(database: CustomerDatabase, runs: boolean): Promise<void> {
  await until(
    async () => {
      const rows = await customerSql(
        'postgres',
        `select 1 from pg_stat_activity where datname = $1 and state = 'active' and query like '%pg_sleep(2)%' and pid <> pg_backend_pid()`,
        [database.name],
      )
      return rows.length > 0 === runs
    },
    { deadlineMs: 30_000, everyMs: 30, what: `pg_sleep in ${database.name} to ${runs ? 'start' : 'end'}` },
  )
}

/** Waits for the end of a run while the door to it may be shut for a moment. */
async function endOf(executionId: string): Promise<Run> {
  await until(
    () =>
      readRun(client, executionId).then(
        () => true,
        () => false,
      ),
    {
      deadlineMs: 20_000,
      everyMs: 100,
      what: 'the API to answer again',
    },
  )
  return waitForRun(client, executionId, 60_000)
}

async function expectRanOnce(database: CustomerDatabase): Promise<void> {
  expect(await historyOf(database.name)).toEqual(CHANGESETS)
  expect(await customerSql(database.name, 'select name from ran')).toEqual(CHANGESETS.map((name) => ({ name })))
  expect(await customerSql(database.name, 'select last_value::int as attempts from attempts')).toEqual([
    { attempts: CHANGESETS.length },
  ])
}

/** Every log of the run: seq 1 to the last, each once, live and stored alike, and what each changeset says. */
async function expectWholeLogs(run: Run): Promise<void> {
  const keys = logKeysOf(run)
  expect([...keys.keys()].toSorted()).toEqual(['apply', 'preview'])
  for (const [step, key] of keys) {
    const { lines, end } = await followLog(client, key)
    expect(
      lines.map(({ seq }) => seq),
      step,
    ).toEqual(Array.from({ length: end.lastSeq }, (_none, index) => index + 1))
    expect(await linesOf(client, key)).toEqual(lines)
    const text = lines.map((line) => line.text)
    for (const changeset of CHANGESETS) {
      const said = text.filter((line) => line.includes(`::${changeset}::`))
      expect(said.length, `${changeset} in the log of ${step}:\n${text.join('\n')}`).toBeGreaterThan(0)
      expect(new Set(said).size, `${changeset} in the log of ${step}`).toBe(said.length)
    }
  }
}

async function expectSurvived(database: CustomerDatabase, run: Run): Promise<void> {
  expect(run.failures).toEqual([])
  expect(run.status).toBe('Success')
  await expectRanOnce(database)
  await expectWholeLogs(run)
  await expectNothingLeftBehind(database)
}

describe('kill -9 while a step executes', () => {
  test.each(SERVICE_NAMES)('of %s costs the run nothing', async (service) => {
    const database = await prepare()
    const executionId = await startRun(client, database.name)
    await whileSlow(database, true)
    await kill(service)
    // The step ends, and its result arrives, while nobody is there.
    await whileSlow(database, false)
    await restart(service)
    await expectSurvived(database, await endOf(executionId))
  })
})

describe('stores that go away while a step executes', () => {
  async function runWhile(trouble: (database: CustomerDatabase) => Promise<void>): Promise<void> {
    const database = await prepare()
    const executionId = await startRun(client, database.name)
    await whileSlow(database, true)
    await trouble(database)
    await expectSurvived(database, await endOf(executionId))
  }

  test('Redis that is killed, and empty when it comes back, costs the run nothing', async () => {
    await runWhile(async (database) => {
      const redis = new Redis(system.redisAdminUrl)
      await redis.flushall()
      redis.disconnect()
      await kill('redis')
      await whileSlow(database, false)
      await restart('redis')
    })
  })

  test('Redis that loses everything again and again costs the run nothing', async () => {
    const redis = new Redis(system.redisAdminUrl)
    const timer = setInterval(() => void redis.flushall().catch(() => undefined), 100)
    try {
      await runWhile((database) => whileSlow(database, false))
    } finally {
      clearInterval(timer)
      redis.disconnect()
    }
  })

  test("Sluice's Postgres that is killed costs the run nothing", async () => {
    await runWhile(async (database) => {
      await kill('postgres')
      await whileSlow(database, false)
      await restart('postgres')
    })
  })

  test('the whole control plane can go down and come back', async () => {
    await runWhile(async (database) => {
      const all: ProcessName[] = [...SERVICE_NAMES, 'redis', 'postgres']
      await Promise.all(all.map((name) => kill(name)))
      await whileSlow(database, false)
      await Promise.all([restart('redis'), restart('postgres')])
      await Promise.all(SERVICE_NAMES.map((name) => restart(name)))
    })
  })
})

describe('kill -9 of the delegate', () => {
  async function expectLost(database: CustomerDatabase, run: Run): Promise<void> {
    expect(run.status).toBe('Failed')
    const apply = run.nodes.find(({ identifier }) => identifier === 'apply')
    expect(apply?.failureInfo?.code).toBe('DELEGATE_LOST')
    // Nothing half-applied: the changeset that ran is as if it had never begun.
    expect(await historyOf(database.name)).toEqual(['first'])
  }

  async function expectNextRunWorks(database: CustomerDatabase): Promise<void> {
    const next = await runToEnd(client, database.name)
    expect(next.failures).toEqual([])
    expect(await historyOf(database.name)).toEqual(CHANGESETS)
    expect(await customerSql(database.name, 'select name from ran')).toEqual(CHANGESETS.map((name) => ({ name })))
    await expectNothingLeftBehind(database)
  }

  test('that comes back ends the step in DELEGATE_LOST at once, and the next run works', async () => {
    const database = await prepare()
    const executionId = await startRun(client, database.name)
    await whileSlow(database, true)
    await kill('delegate')
    await restart('delegate')
    await expectLost(database, await waitForRun(client, executionId, 15_000))
    expect((await locksOf(database.name)).sessions).toBe(0)
    await expectNextRunWorks(database)
  })

  test('that stays away ends the step in DELEGATE_LOST when its lease has run out', async () => {
    const database = await prepare()
    const executionId = await startRun(client, database.name)
    await whileSlow(database, true)
    await kill('delegate')
    try {
      await expectLost(database, await waitForRun(client, executionId, 60_000))
    } finally {
      await restart('delegate')
    }
    await expectNextRunWorks(database)
  })
})
