import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { changeSetChecksum } from '../../src/checksum/checksum.ts'
import { describeChange } from '../../src/change/statements.ts'
import { dbmsMatches } from '../../src/expression/dbms.ts'
import { execute, plan, readChangelog } from '../../src/index.ts'
import { folderFiles } from '../memory-files.ts'
import { openDatabase, testClock } from '../open-database.ts'
import { CATALOGUE_SQL, HISTORY_SQL } from './queries.ts'

const rows = z.array(z.record(z.string(), z.unknown()))
const golden = z
  .object({ changeSets: rows, history: rows, catalogue: rows, notes: rows })
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
