import { expect, test } from 'vitest'
import { baseline, changeSetSql, plan, status } from '../src/index.ts'
import { apply, changelogOf, values } from './changelog-of.ts'
import { openDatabase, testClock } from './open-database.ts'

const options = { clock: testClock, owner: 'test' }
const HISTORY = 'select id, exectype, orderexecuted, tag from databasechangelog order by orderexecuted'
const five = () =>
  changelogOf(
    '--changeset a:1',
    'create table t (id int);',
    '--changeset a:2',
    'create table u (id int);',
    '--changeset a:3 context:never',
    'create table v (id int);',
    '--changeset a:4 dbms:oracle',
    'create table w (id int);',
    '--changeset a:5',
    'create table x (id int);',
  )

test('a baseline up to a changeset marks what is pending before it, and leaves the rest to run', async () => {
  await using database = await openDatabase()
  const changelog = await five()
  const result = await baseline(database.driver, changelog, {
    ...options,
    expectedCount: 2,
    upTo: { id: '2', author: 'a', filePath: 'a.sql' },
    contexts: ['prod'],
  })
  expect(result.marked.map(({ id }) => id)).toEqual(['1', '2'])
  expect(await values(database.driver, HISTORY)).toEqual([
    ['1', 'EXECUTED', 1, null],
    ['2', 'EXECUTED', 2, null],
  ])
  const { steps } = await plan(database.driver, changelog, { contexts: ['prod'] })
  expect(steps.map(({ changeSet }) => changeSet.id)).toEqual(['5'])
  expect(await values(database.driver, 'select locked from databasechangeloglock')).toEqual([[false]])
})

test('another number than expected marks nothing and makes no table', async () => {
  await using database = await openDatabase()
  const marking = baseline(database.driver, await five(), { ...options, expectedCount: 5, contexts: ['prod'] })
  await expect(marking).rejects.toMatchObject({ code: 'PLAN_MOVED', details: { expected: 5, pending: 3 } })
  expect(await values(database.driver, "select to_regclass('databasechangelog')")).toEqual([[null]])
})

test('an end that the changelog does not have is named', async () => {
  await using database = await openDatabase()
  const marking = baseline(database.driver, await five(), { ...options, expectedCount: 1, upTo: { tag: 'v9' } })
  await expect(marking).rejects.toThrow(/no changeset that sets the tag "v9"/)
})

test('what ran before keeps its row; orders go on from it', async () => {
  await using database = await openDatabase()
  await apply(database.driver, await changelogOf('--changeset a:1', 'create table t (id int);'))
  await baseline(database.driver, await five(), { ...options, expectedCount: 2, contexts: ['prod'] })
  expect(await values(database.driver, HISTORY)).toEqual([
    ['1', 'EXECUTED', 1, null],
    ['2', 'EXECUTED', 2, null],
    ['5', 'EXECUTED', 3, null],
  ])
})

test('two thousand changesets are marked at once', async () => {
  await using database = await openDatabase()
  const lines = Array.from({ length: 2000 }, (_, index) => [`--changeset a:${index}`, 'select 1;']).flat()
  const changelog = await changelogOf(...lines)
  const result = await baseline(database.driver, changelog, { ...options, expectedCount: 2000 })
  expect(result.marked).toHaveLength(2000)
  expect(await values(database.driver, 'select max(orderexecuted) from databasechangelog')).toEqual([[2000]])
})

test('an account that may only read gets the status and no baseline', async () => {
  await using database = await openDatabase()
  const changelog = await five()
  await apply(database.driver, await changelogOf('--changeset a:1', 'create table t (id int);'))
  const role = `reader_${database.name}`
  await database.driver.execute(
    `create role ${role} login password 'reader-pass'; grant select on databasechangelog to ${role}`,
  )
  try {
    const reader = await database.open({ user: role, password: 'reader-pass' })
    const { changeSets } = await status(reader, changelog, { contexts: ['prod'] })
    expect(changeSets.map(({ state }) => state)).toEqual(['deployed', 'pending', 'skipped', 'skipped', 'pending'])
    const marking = baseline(reader, changelog, { ...options, expectedCount: 2, contexts: ['prod'] })
    await expect(marking).rejects.toMatchObject({ code: 'DATABASE_PRIVILEGE_MISSING' })
    await reader.close()
  } finally {
    await database.driver.execute(`drop owned by ${role}; drop role ${role}`)
  }
})

test('the SQL of a changeset has its statements and its declared way back', async () => {
  const changelog = await changelogOf(
    '--changeset a:1',
    'create table t (id int); insert into t values (1);',
    '--rollback drop table t;',
    '--changeset a:2',
    'select 1;',
    '--rollback empty',
    '--changeset a:3',
    'select 2;',
  )
  expect(changelog.changeSets.map((changeSet) => changeSetSql(changeSet, 'postgresql'))).toEqual([
    { statements: ['create table t (id int)', 'insert into t values (1)'], rollback: ['drop table t'] },
    { statements: ['select 1'], rollback: [] },
    { statements: ['select 2'], rollback: undefined },
  ])
})
