import { expect, test } from 'vitest'
import { execute, plan, tag, type ExecuteEvent } from '../src/index.ts'
import { apply, changelogOf, values } from './changelog-of.ts'
import { openDatabase, testClock } from './open-database.ts'

const LOCK = 'select locked, lockedby, lockgranted from databasechangeloglock'
const HISTORY = 'select id, exectype, orderexecuted from databasechangelog order by orderexecuted'
const options = { clock: testClock, owner: 'test' }

test('each changeset and its history row are applied, told as events, and the lock is free again', async () => {
  await using database = await openDatabase()
  const events: ExecuteEvent[] = []
  const changelog = await changelogOf(
    '--changeset a:1',
    'create table t (id int);',
    'insert into t values (1), (2);',
    '--changeset a:2',
    'select 1;',
  )
  const result = await apply(database.driver, changelog, { onEvent: (event) => events.push(event), tag: 'v1' })
  expect(result).toMatchObject({ status: 'succeeded', notRun: [], lockReleased: true, tag: 'v1' })
  expect(events.map(({ kind }) => kind)).toEqual([
    'tablesCreated',
    'lockTaken',
    'tablesCreated',
    'changeSetStarted',
    'statementDone',
    'statementDone',
    'changeSetApplied',
    'changeSetStarted',
    'statementDone',
    'changeSetApplied',
    'tagged',
    'lockReleased',
  ])
  expect(events[5]).toMatchObject({ index: 1, total: 2, rowCount: 2, sql: 'insert into t values (1), (2)' })
  expect(await values(database.driver, LOCK)).toEqual([[false, null, null]])
  expect(await values(database.driver, 'select id, tag from databasechangelog order by orderexecuted')).toEqual([
    ['1', null],
    ['2', 'v1'],
  ])
})

test('a second run finds nothing to do and takes no lock', async () => {
  await using database = await openDatabase()
  const changelog = await changelogOf('--changeset a:1', 'create table t (id int);')
  await apply(database.driver, changelog)
  const events: ExecuteEvent[] = []
  const again = await apply(database.driver, changelog, { onEvent: (event) => events.push(event) })
  expect([again.status, again.applied, events]).toEqual(['succeeded', [], []])
})

test('a failing statement is told with file, line, statement and the database’s words; its changeset leaves nothing', async () => {
  await using database = await openDatabase()
  const changelog = await changelogOf(
    '--changeset a:1',
    'create table kept (id int);',
    '--changeset a:2',
    'create table dropped (id int);',
    'insert into dropped',
    '  values (1, oops);',
    '--changeset a:3',
    'select 1;',
  )
  const result = await apply(database.driver, changelog)
  expect(result).toMatchObject({ status: 'failed', lockReleased: true, notRun: [{ id: '3' }] })
  expect(result.applied.map(({ changeSet }) => changeSet.id)).toEqual(['1'])
  expect(result.failed).toMatchObject({
    code: 'STATEMENT_FAILED',
    reason: 'STATEMENT_FAILED',
    at: { file: 'a.sql', line: 7, column: 14 },
    statement: 'insert into dropped\n  values (1, oops)',
    statementIndex: 1,
    database: { sqlState: '42703', message: 'column "oops" does not exist' },
    outcome: 'rolledBack',
    sentence: expect.stringContaining('a.sql:7:14'),
  })
  expect(
    await values(
      database.driver,
      "select to_regclass('kept') is not null as kept, to_regclass('dropped') is not null as dropped",
    ),
  ).toEqual([[true, false]])
  expect(await values(database.driver, HISTORY)).toEqual([['1', 'EXECUTED', 1]])
  expect(await values(database.driver, LOCK)).toEqual([[false, null, null]])
})

test('the history row is in the changeset’s own transaction: where it can’t be written nothing is applied', async () => {
  await using database = await openDatabase()
  await apply(database.driver, await changelogOf('--changeset a:1', 'select 1;'))
  await database.driver
    .execute(`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no rows today'; end $$;
    create trigger refuse before insert on databasechangelog for each row execute function refuse()`)
  const result = await apply(
    database.driver,
    await changelogOf('--changeset a:1', 'select 1;', '--changeset a:2', 'create table t (id int);'),
  )
  expect(result.failed).toMatchObject({
    reason: 'HISTORY_NOT_WRITTEN',
    outcome: 'rolledBack',
    sentence: expect.stringContaining('no rows today'),
  })
  expect(await values(database.driver, "select to_regclass('t')")).toEqual([[null]])
})

test('failOnError:false goes on without a row; runAlways and runOnChange run again in their row', async () => {
  await using database = await openDatabase()
  const view = (sql: string) =>
    changelogOf(
      '--changeset a:fails failOnError:false',
      'select 1 / 0;',
      '--changeset a:always runAlways:true',
      'select 1;',
      '--changeset a:change runOnChange:true',
      sql,
    )
  const first = await apply(database.driver, await view('create or replace view v as select 1 as x;'))
  expect([first.status, first.ignored.map(({ changeSet }) => changeSet.id)]).toEqual(['succeeded', ['fails']])
  await apply(database.driver, await view('create or replace view v as select 2 as x;'))
  expect(await values(database.driver, HISTORY)).toEqual([
    ['always', 'RERAN', 3],
    ['change', 'RERAN', 4],
  ])
  expect(await values(database.driver, 'select x from v')).toEqual([[2]])
})

test('preconditions decide as the database is then: marked as ran, skipped, halted', async () => {
  await using database = await openDatabase()
  const changelog = await changelogOf(
    '--changeset a:makes',
    'create table t (id int);',
    '--changeset a:holds',
    '--precondition-sql-check expectedResult:0 select count(*) from t',
    'insert into t values (1);',
    '--changeset a:marked',
    '--preconditions onFail:MARK_RAN',
    '--precondition-sql-check expectedResult:0 select count(*) from t',
    'insert into t values (2);',
    '--changeset a:skipped',
    '--preconditions onFail:CONTINUE onError:CONTINUE',
    '--precondition-sql-check expectedResult:0 select broken',
    'insert into t values (3);',
    '--changeset a:halts',
    '--precondition-table-exists table:nowhere',
    'insert into t values (4);',
  )
  const result = await apply(database.driver, changelog)
  expect(result).toMatchObject({
    status: 'failed',
    failed: { reason: 'PRECONDITION_FAILED', at: { line: 16 }, outcome: 'notStarted' },
  })
  expect(await values(database.driver, HISTORY)).toEqual([
    ['makes', 'EXECUTED', 1],
    ['holds', 'EXECUTED', 2],
    ['marked', 'MARK_RAN', 3],
  ])
  expect(await values(database.driver, 'select id from t')).toEqual([[1]])
})

test('a statement outside a transaction can be one that needs that, and a later failure says what stays', async () => {
  await using database = await openDatabase()
  const changelog = await changelogOf(
    '--changeset a:1',
    'create table t (id int);',
    '--changeset a:2 runInTransaction:false',
    'create index concurrently t_id on t (id);',
    'insert into t values (1);',
    'select 1 / 0;',
  )
  const result = await apply(database.driver, changelog)
  expect(result.failed).toMatchObject({ outcome: 'partlyApplied', statementIndex: 2 })
  expect(
    await values(
      database.driver,
      'select (select count(*)::int from t), (select indisvalid from pg_index where indexrelid = $$t_id$$::regclass)',
    ),
  ).toEqual([[1, true]])
  expect(await values(database.driver, HISTORY)).toEqual([['1', 'EXECUTED', 1]])
})

test('a table that somebody locks stops the changeset after lock_timeout, by name', async () => {
  await using database = await openDatabase()
  await database.driver.execute('create table t (id int)')
  const other = await database.open()
  await other.begin()
  await other.execute('lock table t')
  const result = await apply(database.driver, await changelogOf('--changeset a:1', 'alter table t add x int;'), {
    lockTimeoutMs: 50,
  })
  expect(result.failed).toMatchObject({
    reason: 'LOCK_TIMEOUT',
    outcome: 'rolledBack',
    sentence: expect.stringContaining('50 ms'),
  })
  await other.rollback()
})

test('what a changeset sets in its session does not reach the next one, nor the history', async () => {
  await using database = await openDatabase()
  await database.driver.execute('create schema elsewhere; create role nobody_much')
  try {
    const changelog = await changelogOf(
      '--changeset a:1',
      "select set_config('search_path', '', false);",
      '--changeset a:2',
      'create table t (id int);',
      'grant usage on schema public to nobody_much;',
      'set role nobody_much;',
      '--changeset a:3',
      'create table u (id int);',
    )
    expect(await apply(database.driver, changelog)).toMatchObject({ status: 'succeeded' })
    expect(
      await values(
        database.driver,
        "select to_regclass('public.t') is not null as t, to_regclass('public.u') is not null as u",
      ),
    ).toEqual([[true, true]])
  } finally {
    await database.driver.execute('drop owned by nobody_much; drop role nobody_much')
  }
})

test('a plan is refused on another database by name, and where the database has moved or the plan was touched', async () => {
  await using one = await openDatabase()
  await using two = await openDatabase()
  const changelog = await changelogOf('--changeset a:1', 'create table t (id int);', '--changeset a:2', 'select 1;')
  const made = await plan(one.driver, changelog)
  await expect(execute(two.driver, made, changelog, options)).rejects.toMatchObject({
    reason: 'PLAN_FOR_OTHER_DATABASE',
    code: 'PLAN_MOVED',
    message: expect.stringContaining(one.name),
  })
  const touched = { ...made, steps: made.steps.slice(1) }
  await expect(execute(one.driver, touched, changelog, options)).rejects.toMatchObject({ reason: 'PLAN_OUTDATED' })
  await apply(one.driver, await changelogOf('--changeset a:1', 'create table t (id int);'))
  await expect(execute(one.driver, made, changelog, options)).rejects.toMatchObject({
    reason: 'PLAN_OUTDATED',
    message: expect.stringContaining('it had 2 changesets to run, now there are 1'),
  })
  expect(await values(one.driver, LOCK)).toEqual([[false, null, null]])
})

test('an abort cancels the statement on the server, rolls back and frees the lock', async () => {
  await using database = await openDatabase()
  const abort = new AbortController()
  const changelog = await changelogOf(
    '--changeset a:1',
    'create table t (id int);',
    'select pg_sleep(60);',
    '--changeset a:2',
    'select 1;',
  )
  const result = await apply(database.driver, changelog, {
    signal: abort.signal,
    onEvent: (event) => {
      if (event.kind === 'statementDone') abort.abort()
    },
  })
  expect(result).toMatchObject({
    status: 'aborted',
    failed: { reason: 'ABORTED', code: 'ABORTED', outcome: 'rolledBack' },
    lockReleased: true,
    notRun: [{ id: '2' }],
  })
  expect(await values(database.driver, "select to_regclass('t')")).toEqual([[null]])
  expect(await values(database.driver, LOCK)).toEqual([[false, null, null]])
  expect(
    await values(
      database.driver,
      "select count(*)::int from pg_stat_activity where datname = current_database() and query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()",
    ),
  ).toEqual([[0]])
})

test('a session that dies leaves nothing half-applied, and the next run takes its lock over', async () => {
  await using database = await openDatabase()
  const victim = await database.open()
  const changelog = await changelogOf(
    '--changeset a:1',
    'create table t (id int);',
    'select pg_terminate_backend(pg_backend_pid());',
  )
  const dead = await apply(victim, changelog)
  expect(dead).toMatchObject({
    status: 'failed',
    failed: { reason: 'CONNECTION_LOST', outcome: 'rolledBack' },
    lockReleased: false,
  })
  expect(await values(database.driver, 'select locked from databasechangeloglock')).toEqual([[true]])
  const events: ExecuteEvent[] = []
  const next = await apply(database.driver, await changelogOf('--changeset a:1', 'create table t (id int);'), {
    // The server frees a dead session's lock a moment after the client has heard of its end.
    lockWaitMs: 5_000,
    onEvent: (event) => events.push(event),
  })
  expect(next.status).toBe('succeeded')
  expect(events.find(({ kind }) => kind === 'lockTaken')).toMatchObject({
    takenOverFrom: expect.stringContaining('sluice test'),
  })
  expect(await values(database.driver, LOCK)).toEqual([[false, null, null]])
})

test('a tag goes to the newest row; an empty history has none to take it', async () => {
  await using database = await openDatabase()
  await expect(tag(database.driver, 'v1', options)).rejects.toMatchObject({ reason: 'TAG_IMPOSSIBLE' })
  await apply(database.driver, await changelogOf('--changeset a:1', 'select 1;', '--changeset a:2', 'select 2;'))
  expect((await tag(database.driver, 'v1', options)).row).toMatchObject({ id: '2', tag: 'v1' })
})

test('a history of an older Liquibase gets the columns that it lacks', async () => {
  await using database = await openDatabase()
  await database.driver
    .execute(`create table databasechangelog (id varchar(255) not null, author varchar(255) not null, filename varchar(255) not null,
    dateexecuted timestamp not null, orderexecuted int not null, exectype varchar(10) not null, md5sum varchar(35))`)
  await database.driver.execute(
    `insert into databasechangelog values ('1', 'a', 'classpath:/a.sql', '2019-01-01', 7, 'EXECUTED', null)`,
  )
  const changelog = await changelogOf('--changeset a:1', 'select 1;', '--changeset a:2', 'select 2;')
  expect(await apply(database.driver, changelog)).toMatchObject({
    status: 'succeeded',
    applied: [{ orderExecuted: 8 }],
  })
  expect(
    await values(database.driver, 'select id, md5sum is null, labels from databasechangelog order by orderexecuted'),
  ).toEqual([
    ['1', false, null],
    ['2', false, null],
  ])
})

test('DATEEXECUTED never goes below the newest row, whatever the clocks say', async () => {
  await using database = await openDatabase()
  await apply(database.driver, await changelogOf('--changeset a:1', 'select 1;'))
  await database.driver.execute("update databasechangelog set dateexecuted = '2999-01-01'")
  await apply(database.driver, await changelogOf('--changeset a:1', 'select 1;', '--changeset a:2', 'select 2;'))
  expect(
    await values(database.driver, "select id from databasechangelog where dateexecuted >= '2999-01-01' order by 1"),
  ).toEqual([['1'], ['2']])
})
