import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ChangelogError, Plan, plan, planSql, readChangelog, status } from '../src/index.ts'
import { apply, changelogOf, values } from './changelog-of.ts'
import { memoryFiles } from './memory-files.ts'
import { openDatabase, type TestDatabase } from './open-database.ts'

let shared: TestDatabase
beforeAll(async () => {
  shared = await openDatabase()
})
afterAll(async () => shared[Symbol.asyncDispose]())

const TABLE = ['--changeset ann:1', 'create table t (id int);', 'insert into t values (1);']

async function refusal(work: Promise<unknown>): Promise<ChangelogError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ChangelogError) return error
  throw new Error(`expected a refusal, got ${String(error)}`)
}

test('a plan changes nothing, with an account that may only read', async () => {
  await using database = await openDatabase()
  const reader = `reader_${database.name}`
  await database.driver.execute(
    `create role ${reader} login password 'only-reads'; alter role ${reader} set default_transaction_read_only = on; revoke create on schema public from public`,
  )
  try {
    const driver = await database.open({ user: reader, password: 'only-reads' })
    const changelog = await changelogOf(...TABLE)
    const made = await plan(driver, changelog)
    expect(made.steps.map(({ statements }) => statements.map(({ sql }) => sql))).toEqual([
      ['create table t (id int)', 'insert into t values (1)'],
    ])
    expect(made.history).toMatchObject({ exists: false, rows: 0 })
    expect(
      await values(database.driver, "select relname from pg_class where relnamespace = 'public'::regnamespace"),
    ).toEqual([])
    const error = await refusal(apply(driver, changelog))
    expect([error.reason, error.code]).toEqual(['APPLY_NOT_PERMITTED', 'DATABASE_PRIVILEGE_MISSING'])
    expect(error.message).toContain(reader)
    await driver.close()
  } finally {
    await database.driver.execute(`drop owned by ${reader}; drop role ${reader}`)
  }
})

test('a plan survives JSON, and its hash depends on statements, database, search path, tag and commit alone', async () => {
  await using other = await openDatabase()
  const { driver } = shared
  const changelog = await changelogOf(...TABLE)
  const made = await plan(driver, changelog, { commit: 'abc' })
  expect(Plan.parse(JSON.parse(JSON.stringify(made)))).toEqual(made)
  expect((await plan(driver, changelog, { commit: 'abc' })).hash).toBe(made.hash)
  const differing = [
    await plan(driver, await changelogOf(...TABLE, '-- c', 'select 1;'), { commit: 'abc' }),
    await plan(driver, changelog, { commit: 'abd' }),
    await plan(driver, changelog, { commit: 'abc', tag: 'v1' }),
    await plan(driver, changelog, { commit: 'abc', lockTimeoutMs: 1 }),
    await plan(other.driver, changelog, { commit: 'abc' }),
    await plan(await shared.open({ schema: 'pg_catalog' }), changelog, {
      commit: 'abc',
      history: { schema: 'public' },
    }),
  ]
  expect(new Set([made.hash, ...differing.map(({ hash }) => hash)]).size).toBe(differing.length + 1)
})

test('its text tells each changeset with its place, and every statement ends', async () => {
  const text = planSql(
    await plan(
      shared.driver,
      await changelogOf('--changeset ann:1 stripComments:false', '--comment: why', 'select 1 -- end'),
    ),
  )
  expect(text).toContain('-- Changeset a.sql::1::ann (a.sql:2:1; not in the history)\n-- why\nselect 1 -- end\n;')
})

test('contexts, labels, dbms and ignore leave changesets out, each with its reason', async () => {
  const changelog = await changelogOf(
    '--changeset a:context context:prod',
    'select 1;',
    '--changeset a:labels labels:slow',
    'select 1;',
    '--changeset a:dbms dbms:mysql',
    'select 1;',
    '--changeset a:ignored ignore:true',
    'select 1;',
    '--changeset a:runs context:"test or prod" labels:quick',
    'select 1;',
  )
  const made = await plan(shared.driver, changelog, { contexts: ['test'], labelFilter: 'quick' })
  expect(made.steps.map(({ changeSet }) => changeSet.id)).toEqual(['runs'])
  expect(made.skipped.map(({ changeSet, reason }) => [changeSet.id, reason])).toEqual([
    ['context', 'context'],
    ['labels', 'labels'],
    ['dbms', 'dbms'],
    ['ignored', 'ignored'],
  ])
})

describe('refused before anything runs', () => {
  test('a changed checksum, with file, line, both sums and what to do', async () => {
    await using database = await openDatabase()
    await apply(database.driver, await changelogOf(...TABLE))
    const error = await refusal(
      plan(database.driver, await changelogOf('', '--changeset ann:1', 'create table t (id bigint);')),
    )
    expect([error.reason, error.code]).toEqual(['CHECKSUM_CHANGED', 'CHECKSUM_CHANGED'])
    expect(error.problems).toEqual([
      expect.objectContaining({
        at: { file: 'a.sql', line: 3, column: 1 },
        sentence: expect.stringMatching(/"a\.sql::1::ann".*9:[0-9a-f]{32}.*9:[0-9a-f]{32}.*new changeset/),
      }),
    ])
  })

  test('the same changeset twice, but only where the filters let both through', async () => {
    const changelog = await changelogOf(
      '--changeset a:1 context:x',
      'select 1;',
      '--changeset A:1 context:y',
      'select 2;',
    )
    expect((await refusal(plan(shared.driver, changelog))).reason).toBe('DUPLICATE_CHANGESET')
    expect((await plan(shared.driver, changelog, { contexts: ['x'] })).steps).toHaveLength(1)
  })

  test('a change type that is not built, by name and line', async () => {
    const yaml = 'databaseChangeLog:\n- changeSet: { id: 1, author: a, changes: [{ createTable: { tableName: t } }] }\n'
    const changelog = await readChangelog(memoryFiles({ 'a.yaml': yaml }), 'a.yaml', { dialect: 'postgresql' })
    const error = await refusal(plan(shared.driver, changelog))
    expect(error.reason).toBe('CHANGE_NOT_BUILT')
    expect(error.problems[0]).toMatchObject({ at: { line: 2 }, sentence: expect.stringContaining('"createTable"') })
  })

  test('hostile statements, all of them', async () => {
    const changelog = await changelogOf(
      '--changeset a:1',
      "copy t from program 'x';",
      '--changeset a:2',
      'select 1;',
      '\\i b.sql',
    )
    const error = await refusal(plan(shared.driver, changelog))
    expect(error.reason).toBe('STATEMENT_REFUSED')
    expect(error.problems.map(({ code, at }) => [code, at.line])).toEqual([
      ['COPY_PROGRAM', 3],
      ['PSQL_COMMAND', 6],
    ])
  })
})

test('preconditions are evaluated without being able to write', async () => {
  await using database = await openDatabase()
  await database.driver.execute('create table seen (id int)')
  const changelog = await changelogOf(
    '--changeset a:1',
    '--preconditions onFail:MARK_RAN',
    '--precondition-sql-check expectedResult:0 select count(*) from seen',
    'select 1;',
    '--changeset a:2',
    '--precondition-sql-check expectedResult:1 insert into seen values (1) returning 1',
    'select 1;',
    '--changeset a:3',
    '--precondition-table-exists table:seen schema:public',
    'select 1;',
  )
  const made = await plan(database.driver, changelog)
  expect(made.preconditions.map(({ holds }) => holds)).toEqual([true, null, true])
  expect(made.preconditions[1]?.why).toContain('read-only transaction')
  expect(await values(database.driver, 'select count(*)::int from seen')).toEqual([[0]])
})

test('the status tells deployed, pending, changed, skipped and unknown changesets, and the lock', async () => {
  await using database = await openDatabase()
  await apply(
    database.driver,
    await changelogOf(
      '--changeset a:same',
      'select 1;',
      '--changeset a:changed',
      'select 2;',
      '--changeset a:gone',
      'select 3;',
    ),
  )
  const now = await changelogOf(
    '--changeset a:same',
    'select 1;',
    '--changeset a:changed',
    'select 22;',
    '--changeset a:new',
    'select 4;',
    '--changeset a:other dbms:mysql',
    'select 5;',
  )
  const found = await status(database.driver, now)
  expect(found.changeSets.map(({ changeSet, state }) => [changeSet.id, state])).toEqual([
    ['same', 'deployed'],
    ['changed', 'changed'],
    ['new', 'pending'],
    ['other', 'skipped'],
    ['gone', 'unknown'],
  ])
  expect(found.lock).toEqual({ held: false, heldBy: null, since: null, live: false })
  expect(found.history.rows.map(({ id, orderExecuted }) => [id, orderExecuted])).toEqual([
    ['same', 1],
    ['changed', 2],
    ['gone', 3],
  ])
})
