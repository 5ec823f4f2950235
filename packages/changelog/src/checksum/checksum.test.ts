import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { memoryFiles } from '../../test/memory-files.ts'
import { readChangelog } from '../index.ts'
import type { ChangeSet } from '../model/change-log.ts'
import { acceptsChecksum, changeSetChecksum, judgeChecksum } from './checksum.ts'
import { serialiseChange } from './serialise-change.ts'

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

async function changeSetOf(files: Record<string, string>): Promise<ChangeSet> {
  const [path = ''] = Object.keys(files)
  const { changeSets } = await readChangelog(memoryFiles(files), path, { dialect: 'postgresql' })
  const [changeSet] = changeSets
  if (changeSet === undefined) throw new Error('no changeset')
  return changeSet
}
const yaml = (changes: string) => ({
  'a.yaml': `databaseChangeLog:\n- changeSet:\n    id: 1\n    author: a\n    changes:\n${changes}`,
})

/** Made by Liquibase 4.28 (9:) and read by its older versions (8:). */
describe('checksums of Liquibase', () => {
  test.each([
    [
      'formatted SQL',
      {
        'a.sql': '--liquibase formatted sql\n--changeset a:1\ncreate table t2 (id int);\ninsert into t2 values (1);\n',
      },
      '9:3b03e8a5139ff42e66ede1cbb2fd9229',
      '8:e931304639dd943d92e1ec15eb36dea8',
    ],
    [
      'formatted SQL with an end delimiter',
      {
        'a.sql':
          '--liquibase formatted sql\n--changeset a:1 splitStatements:false endDelimiter:/\ncreate table t3 (id int);\n',
      },
      '9:ad58375dbb12ef1811efd77ba225f75b',
      '8:196fa67bfb87f1f46e6676d50e789ced',
    ],
    [
      'sql in YAML',
      yaml('    - sql: select 1\n'),
      '9:3b78b9910981c62ca27148640fad7bc2',
      '8:551a6b5455d661ce7101a063b818ca3e',
    ],
    [
      'tagDatabase',
      yaml('    - tagDatabase: { tag: t1 }\n'),
      '9:ce97956df625a4fa3400013c72287187',
      '8:13a89355b92276020cfa057b8f3f3c2a',
    ],
    [
      'sqlFile, hashed before its properties are replaced',
      {
        ...yaml('    - sqlFile: { path: a.sql }\n'),
        'a.sql': '-- c\nselect ${pp};\r\n\r\n  select   2;\n',
      },
      '9:9ea500a210f3c2926479cc3761647c31',
      '8:2c18371002b08b7eb9c0d7cc575a32a9',
    ],
    [
      'sqlFile with options, which only version 8 counts',
      {
        ...yaml('    - sqlFile: { path: a.sql, splitStatements: false, stripComments: true, endDelimiter: / }\n'),
        'a.sql': '-- c\nselect ${pp};\r\n\r\n  select   2;\n',
      },
      '9:9ea500a210f3c2926479cc3761647c31',
      '8:0e4497ca284e48f9bc9beae099a7830e',
    ],
  ])('%s', async (_name, files, v9, v8) => {
    const changeSet = await changeSetOf(files)
    expect([changeSetChecksum(changeSet, 'postgresql', 9), changeSetChecksum(changeSet, 'postgresql', 8)]).toEqual([
      v9,
      v8,
    ])
  })

  test('a change for another database counts in version 8 only', async () => {
    const both = await changeSetOf(yaml('    - sql: select 1\n    - sql: { sql: select 2, dbms: mysql }\n'))
    const one = await changeSetOf(yaml('    - sql: select 1\n'))
    expect(changeSetChecksum(both, 'postgresql', 9)).toBe(changeSetChecksum(one, 'postgresql', 9))
    expect(changeSetChecksum(both, 'postgresql', 8)).not.toBe(changeSetChecksum(one, 'postgresql', 8))
  })

  test.each([
    ['addColumn', { tableName: 'person', columns: [{ name: 'age', type: 'int' }] }, '18eacdcf504dd068913e1d0e19d88738'],
    [
      'createIndex',
      {
        tableName: 'person',
        indexName: 'ix1',
        unique: true,
        columns: [{ name: 'name' }, { name: 'age', descending: true }],
      },
      '837c993c29161cb445df441426bb286e',
    ],
    ['createView', { viewName: 'v1' }, '652a514b0ba353a6f369a33ec735f736'],
    [
      'insert',
      {
        tableName: 'person',
        columns: [
          { name: 'name', value: 'zz' },
          { name: 'score', valueNumeric: 3 },
        ],
      },
      '63a588b5eda51961de2b3f245dff1712',
    ],
    [
      'addForeignKeyConstraint',
      {
        baseColumnNames: 'age',
        baseTableName: 'person',
        constraintName: 'fk1',
        onDelete: 'CASCADE',
        referencedColumnNames: 'id',
        referencedTableName: 'person',
      },
      '1b56251abaaf37ab86a31d5bf4895fcc',
    ],
  ])('the serialised text of %s', (name, fields, digest) => {
    expect(md5(serialiseChange(name, fields))).toBe(digest)
  })
})

test('a stored checksum is judged by its own version', async () => {
  const changeSet = await changeSetOf(yaml('    - sql: select 1\n'))
  const judge = (stored: string | null) => judgeChecksum(stored, changeSet, 'postgresql')
  expect(judge('9:3b78b9910981c62ca27148640fad7bc2')).toBe('equal')
  expect(judge('8:551a6b5455d661ce7101a063b818ca3e')).toBe('upgrade')
  expect(judge('7:551a6b5455d661ce7101a063b818ca3e')).toBe('upgrade')
  expect(judge(null)).toBe('upgrade')
  expect(judge('9:00000000000000000000000000000000')).toBe('changed')
  expect(judge('8:00000000000000000000000000000000')).toBe('changed')
})

test.each([
  [['ANY'], true],
  [['1:any'], true],
  [['*'], true],
  [['9:old'], true],
  [['9:new'], true],
  [['9:other'], false],
  [[], false],
])('validCheckSum %j accepts a changed checksum: %s', (valid, wanted) => {
  expect(acceptsChecksum(valid, '9:old', '9:new')).toBe(wanted)
})
