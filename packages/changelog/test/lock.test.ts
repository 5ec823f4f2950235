import { expect, test } from 'vitest'
import { execute, plan, status, type ExecuteEvent } from '../src/index.ts'
import { apply, changelogOf, values } from './changelog-of.ts'
import { openDatabase, testClock, type TestDatabase } from './open-database.ts'

const ONE = ['--changeset a:1', 'create table t (id int);']

/** Starts an apply that waits in its first statement until released. */
async function blockedApply(database: TestDatabase) {
  await database.driver.execute('create table gate (id int)')
  const gate = await database.open()
  await gate.begin()
  await gate.execute('lock table gate')
  const runner = await database.open({ applicationName: 'pex-first' })
  const started = Promise.withResolvers<void>()
  const changelog = await changelogOf('--changeset a:0', 'insert into gate values (1);')
  const running = execute(runner, await plan(runner, changelog, { lockTimeoutMs: 0 }), changelog, {
    clock: testClock,
    owner: 'pex-first on here',
    onEvent: (event) => {
      if (event.kind === 'changeSetStarted') started.resolve()
    },
  })
  await started.promise
  return { running, open: async () => gate.rollback() }
}

test('a second run is refused while one holds the lock, told who and since when; both tools see it', async () => {
  await using database = await openDatabase()
  const first = await blockedApply(database)
  const second = await database.open()
  await expect(apply(second, await changelogOf(...ONE))).rejects.toMatchObject({
    reason: 'CHANGELOG_LOCKED',
    code: 'CHANGELOG_LOCKED',
    message: expect.stringMatching(/"sluice pex-first on here \(\d+\)" since \d{4}-/),
  })
  expect(
    await values(database.driver, 'select locked, lockedby like $$sluice pex-first%$$ from databasechangeloglock'),
  ).toEqual([[true, true]])
  expect((await status(second, undefined)).lock).toMatchObject({
    held: true,
    live: true,
    heldBy: expect.stringContaining('pex-first'),
  })
  await first.open()
  expect((await first.running).status).toBe('succeeded')
  expect((await apply(second, await changelogOf(...ONE))).status).toBe('succeeded')
})

test('a run that may wait gets the lock when the first has ended', async () => {
  await using database = await openDatabase()
  const first = await blockedApply(database)
  const second = await database.open()
  const changelog = await changelogOf(...ONE)
  const waiting = Promise.withResolvers<ExecuteEvent>()
  const run = execute(second, await plan(second, changelog), changelog, {
    clock: testClock,
    owner: 'second',
    lockWaitMs: 20_000,
    onEvent: (event) => {
      if (event.kind === 'lockWaiting') waiting.resolve(event)
    },
  })
  expect(await waiting.promise).toMatchObject({ heldBy: expect.stringContaining('pex-first') })
  await first.open()
  expect((await run).status).toBe('succeeded')
  expect((await first.running).status).toBe('succeeded')
})

test('an abort while waiting for the lock ends the wait and changes nothing', async () => {
  await using database = await openDatabase()
  const first = await blockedApply(database)
  const second = await database.open()
  const changelog = await changelogOf(...ONE)
  const abort = new AbortController()
  const run = execute(second, await plan(second, changelog), changelog, {
    clock: testClock,
    owner: 'second',
    lockWaitMs: 20_000,
    signal: abort.signal,
    onEvent: () => abort.abort(),
  })
  await expect(run).rejects.toMatchObject({ reason: 'ABORTED' })
  await first.open()
  await first.running
})

test('a row that Liquibase holds is respected, not taken over', async () => {
  await using database = await openDatabase()
  await apply(database.driver, await changelogOf('--changeset a:0', 'select 1;'))
  await database.driver.execute(
    "update databasechangeloglock set locked = true, lockedby = 'build-7 (10.0.0.7)', lockgranted = '2026-01-31 12:00'",
  )
  await expect(apply(database.driver, await changelogOf(...ONE))).rejects.toMatchObject({
    reason: 'CHANGELOG_LOCKED',
    message: expect.stringMatching(/"build-7 \(10\.0\.0\.7\)" since 2026-01-31 12:00:00.*release-locks/),
  })
  expect(await values(database.driver, 'select lockedby from databasechangeloglock')).toEqual([['build-7 (10.0.0.7)']])
  const session = await database.driver.query(
    "select count(*)::int as held from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
  )
  expect(session.rows).toEqual([{ held: 0 }])
})

test('two runs at once on an empty database: one applies, one is refused or finds nothing left', async () => {
  await using database = await openDatabase()
  const changelog = await changelogOf(...ONE)
  const drivers = await Promise.all([database.open(), database.open(), database.open()])
  const outcomes = await Promise.all(
    drivers.map(async (driver) =>
      apply(driver, changelog).then(
        ({ status: outcome, applied }) => `${outcome} ${applied.length}`,
        (error: unknown) => (error instanceof Error && 'reason' in error ? String(error.reason) : String(error)),
      ),
    ),
  )
  expect(outcomes.filter((outcome) => outcome === 'succeeded 1')).toHaveLength(1)
  for (const outcome of outcomes)
    expect(['succeeded 1', 'succeeded 0', 'CHANGELOG_LOCKED', 'PLAN_OUTDATED']).toContain(outcome)
  expect(await values(database.driver, 'select id from databasechangelog')).toEqual([['1']])
})
