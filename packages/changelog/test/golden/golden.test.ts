import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { changeSetChecksum } from '../../src/checksum/checksum.ts'
import { describeChange } from '../../src/change/statements.ts'
import { dbmsMatches } from '../../src/expression/dbms.ts'
import { baseline, execute, plan, readChangelog, status } from '../../src/index.ts'
import { folderFiles } from '../memory-files.ts'
import { openDatabase, testClock } from '../open-database.ts'
import { CATALOGUE_SQL, HISTORY_SQL } from './queries.ts'

const rows = z.array(z.record(z.string(), z.unknown()))
const golden = z
  .object({ changeSets: rows, history: rows, synced: rows, catalogue: rows, notes: rows })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8')))
const files = folderFiles(join(import.meta.dirname, 'sources'))
const read = async () => readChangelog(files, 'db/master.yaml', { dialect: 'postgresql' })

test('identities, contexts, labels, descriptions and both checksums are those of Liquibase 4.28', async () => {
  const { changeSets } = await read()
  const ours = changeSets
    // Liquibase drops those for other databases while it reads YAML, but not while it reads SQL.
    .filter(({ dbms, at }) => dbmsMatches(dbms, 'postgresql') || at.file.endsWith('.sql'))
    .map((changeSet) => ({
      id: changeSet.id,
      author: changeSet.author,
      filePath: changeSet.filePath,
      v8: changeSetChecksum(changeSet, 'postgresql', 8),
      v9: changeSetChecksum(changeSet, 'postgresql', 9),
      contexts: changeSet.contexts === '' ? null : changeSet.contexts,
      labels: changeSet.labels === '' ? null : changeSet.labels,
      description: changeSet.changes.map(describeChange).join('; '),
      comments: changeSet.comment === '' ? null : changeSet.comment,
    }))
  expect(ours).toEqual(golden.changeSets)
})

test('the history, the schema and the data after an apply are those of Liquibase 4.28', async () => {
  await using database = await openDatabase()
  const changelog = await read()
  const result = await execute(database.driver, await plan(database.driver, changelog), changelog, {
    clock: testClock,
    owner: 'golden',
  })
  expect(result.failed).toBeUndefined()
  expect((await database.driver.query(HISTORY_SQL)).rows).toEqual(golden.history)
  expect((await database.driver.query(CATALOGUE_SQL)).rows).toEqual(golden.catalogue)
  expect((await database.driver.query('SELECT body FROM note ORDER BY id')).rows).toEqual(golden.notes)
})

test('a baseline writes the rows that `changelog-sync` of Liquibase 4.28 writes, and runs nothing', async () => {
  await using database = await openDatabase()
  const changelog = await read()
  const options = { clock: testClock, owner: 'golden', expectedCount: golden.synced.length }
  const result = await baseline(database.driver, changelog, options)
  expect(result.marked).toHaveLength(golden.synced.length)
  expect((await database.driver.query(HISTORY_SQL)).rows).toEqual(golden.synced)
  const tables = await database.driver.query(
    "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
  )
  expect(tables.rows.map(({ relname }) => relname)).toEqual(['databasechangelog', 'databasechangeloglock'])
  const { changeSets } = await status(database.driver, changelog)
  expect(changeSets.filter(({ state, row }) => state === 'pending' && row === null)).toEqual([])
})

test('a history whose checksums Liquibase 4.21 or older wrote is accepted, and rewritten in place', async () => {
  await using database = await openDatabase()
  const changelog = await read()
  await execute(database.driver, await plan(database.driver, changelog), changelog, {
    clock: testClock,
    owner: 'golden',
  })
  for (const changeSet of changelog.changeSets.filter(({ dbms }) => dbmsMatches(dbms, 'postgresql'))) {
    const old = changeSetChecksum(changeSet, 'postgresql', 8)
    await database.driver.query(
      'UPDATE databasechangelog SET md5sum = $1 WHERE id = $2 AND author = $3 AND filename = $4',
      [old, changeSet.id, changeSet.author, changeSet.filePath],
    )
  }
  const upgrade = await plan(database.driver, changelog)
  expect(upgrade.steps.map(({ reason }) => reason)).toEqual(['runAlways'])
  expect(upgrade.checksumUpgrades).toHaveLength(golden.history.length - 1)
  await execute(database.driver, upgrade, changelog, { clock: testClock, owner: 'golden' })
  const sums = (await database.driver.query(HISTORY_SQL)).rows.map(({ filename, id, md5sum }) => ({
    filename,
    id,
    md5sum,
  }))
  const wanted = golden.history.map(({ filename, id, md5sum }) => ({ filename, id, md5sum }))
  expect(sums).toEqual(expect.arrayContaining(wanted))
})
