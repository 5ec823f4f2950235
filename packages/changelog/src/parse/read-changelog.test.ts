import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memoryFiles } from '../../test/memory-files.ts'
import { ChangelogError, formatPosition, readChangelog } from '../index.ts'

const read = async (files: Record<string, string>, path = Object.keys(files)[0] ?? '') =>
  readChangelog(memoryFiles(files), path, { dialect: 'postgresql' })

async function refusal(files: Record<string, string>, path?: string): Promise<ChangelogError> {
  try {
    await read(files, path)
  } catch (error) {
    if (error instanceof ChangelogError) return error
    throw error
  }
  throw new Error('the changelog was accepted')
}
const problems = async (files: Record<string, string>) =>
  (await refusal(files)).problems.map(({ code, at }) => `${formatPosition(at)} ${code}`)
const sql = (...lines: string[]) => ({ 'a.sql': ['--liquibase formatted sql', ...lines].join('\n') })

test('a missing root file is named', async () => {
  const error = await refusal({ 'a.sql': '' }, 'db/nowhere.yaml')
  expect([error.reason, error.code, error.message]).toEqual([
    'CHANGELOG_NOT_FOUND',
    'CHANGELOG_NOT_FOUND',
    expect.stringContaining('"db/nowhere.yaml"'),
  ])
})

test('all problems of all files are told at once, each with its line', async () => {
  const files = {
    'master.yaml': [
      'databaseChangeLog:',
      '- include: { file: a.sql }',
      '- include: { file: nowhere.sql }',
      '- includeAll: { path: nothing/ }',
      '- changeSet:',
      '    id: 1',
      '    changes:',
      '    - sqll: select 1',
      '    - sqlFile: { path: ../../etc/passwd }',
      '- chaneSet: { id: 2 }',
    ].join('\n'),
    'a.sql': '--liquibase formatted sql\n--changeset a\nselect 1;\n--changeset a:2\n-comment: x\nselect 2;\n',
  }
  expect(await problems(files)).toEqual([
    'a.sql:2:1 MALFORMED_DIRECTIVE',
    'a.sql:5:1 MALFORMED_DIRECTIVE',
    'master.yaml:3:12 FILE_NOT_FOUND',
    'master.yaml:4:15 FILE_NOT_FOUND',
    'master.yaml:6:5 MISSING_FIELD',
    'master.yaml:8:7 UNKNOWN_CHANGE',
    'master.yaml:9:7 PATH_OUTSIDE',
    'master.yaml:10:3 UNKNOWN_ENTRY',
  ])
})

describe('a file that is no changelog is named', () => {
  test.each([
    ['YAML of something else', { 'a.yaml': 'foo: bar\n' }],
    ['a map instead of a list', { 'a.yaml': 'databaseChangeLog:\n  changeSet: { id: 1 }\n' }],
    ['an unknown ending', { 'a.txt': 'hello' }],
  ])('%s', async (_name, files) => {
    expect((await refusal(files)).problems[0]?.code).toBe('NOT_A_CHANGELOG')
  })
  test('broken YAML, with the line', async () => {
    expect(await problems({ 'a.yaml': 'databaseChangeLog:\n- changeSet: {id: 1\n- x' })).toEqual(
      expect.arrayContaining([expect.stringMatching(/^a\.yaml:\d+:\d+ INVALID_YAML$/)]),
    )
  })
  test('an empty plain file', async () => {
    expect(await problems({ 'a.sql': ' \n' })).toEqual(['a.sql:1:1 EMPTY_FILE'])
  })
  test('bytes that are no text', async () => {
    const files = { read: async () => new Uint8Array([0xff, 0xfe, 0x00]), list: async () => [] }
    await expect(readChangelog(files, 'a.yaml', { dialect: 'postgresql' })).rejects.toMatchObject({
      reason: 'CHANGELOG_INVALID',
    })
  })
})

test('files that include each other are named as a cycle', async () => {
  const include = (file: string) => `databaseChangeLog:\n- include: { file: ${file} }\n`
  expect(await problems({ 'a.yaml': include('b.yaml'), 'b.yaml': include('a.yaml') })).toEqual([
    'b.yaml:2:12 INCLUDE_CYCLE',
  ])
})

describe('formatted SQL', () => {
  test.each([
    ['-changeset a:1'],
    ['--changesets a:1'],
    ['--changeset a: 1'],
    ['--comments: x'],
    ['-rollback x'],
    ['--ignore:1'],
    ['--property foo'],
    ['-preconditions'],
  ])('%s is nearly a directive and refused', async (line) => {
    expect(await problems(sql('--changeset a:0', 'select 1;', line))).toEqual(['a.sql:4:1 MALFORMED_DIRECTIVE'])
  })

  test.each(['-- rolling', '---changeset a:1', '-- commenting', '--rollback', '-- property', '--comment:'])(
    '%s is a comment like others',
    async (line) => {
      const { changeSets } = await read(sql('--changeset a:0', 'select 1;', line))
      expect(changeSets).toHaveLength(1)
    },
  )

  test('a changeset without SQL is refused', async () => {
    expect(await problems(sql('--changeset a:1', '--changeset a:2', 'select 1;'))).toEqual(['a.sql:2:1 NO_SQL'])
  })

  test('its attributes are read', async () => {
    const { changeSets } = await read(
      sql(
        '--CHANGESET "ann b":"x y" runOnChange:true runAlways:true runInTransaction:false failOnError:false context:"a or b" labels:"L1, l2" dbms:postgresql,mysql logicalFilePath:/old/a.sql ignore:true',
        '--comment: hello',
        '--validCheckSum: 9:abc',
        'select 1;',
        '--rollback drop table x;',
        '--rollback drop table y;',
      ),
    )
    expect(changeSets[0]).toMatchObject({
      author: 'ann b',
      id: 'x y',
      filePath: 'old/a.sql',
      at: { file: 'a.sql', line: 2, column: 1 },
      runOnChange: true,
      runAlways: true,
      runInTransaction: false,
      failOnError: false,
      contexts: '(a or b)',
      labels: 'l1,l2',
      dbms: 'postgresql,mysql',
      ignore: true,
      comment: 'hello',
      validCheckSums: ['9:abc'],
      rollback: { kind: 'changes' },
    })
  })

  test('SQL before the first changeset is not run, and a notice says so', async () => {
    const { notices } = await read(sql('select 0;', '--changeset a:1', 'select 1;'))
    expect(notices).toEqual([expect.stringContaining('a.sql:2:1')])
  })
})

test('a key of the map itself wins over one that is merged in, wherever the merge stands', async () => {
  const yaml = [
    'databaseChangeLog:',
    '- property: &base { name: unused, value: merged, global: true }',
    '- property: { name: p, value: own, <<: *base }',
    '- changeSet: { id: 1, author: a, changes: [{ sql: "select ${p}" }] }',
  ]
  const { changeSets } = await read({ 'a.yaml': yaml.join('\n') })
  expect(changeSets[0]?.changes[0]).toMatchObject({ block: { text: { text: 'select own' } } })
})

test('filters that can’t be read are named', async () => {
  expect(
    await problems(sql('--property name:p value:v context:(a', '--changeset a:1 context:"b and"', 'select 1;')),
  ).toEqual(['a.sql:2:1 INVALID_CONTEXT', 'a.sql:3:1 INVALID_CONTEXT'])
  const reading = readChangelog(memoryFiles(sql()), 'a.sql', { dialect: 'postgresql', labelFilter: 'a and' })
  await expect(reading).rejects.toMatchObject({ reason: 'INVALID_FILTER', code: 'CHANGELOG_INVALID' })
})

test('an unbuilt change type is read, so that changesets which ran long ago do no harm', async () => {
  const { changeSets } = await read({
    'a.yaml': 'databaseChangeLog:\n- changeSet: { id: 1, author: a, changes: [{ createTable: { tableName: t } }] }\n',
  })
  expect(changeSets[0]?.changes[0]).toMatchObject({ kind: 'unbuilt', name: 'createTable' })
})

test('any text in any file gives a changelog or named problems, never a crash', async () => {
  const line = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom(
      '--liquibase formatted sql',
      '--changeset a:1',
      '--rollback x',
      '/* liquibase rollback',
      '*/',
      'select 1;',
      '--precondition-x',
    ),
    fc.constantFrom(
      'databaseChangeLog:',
      '- changeSet:',
      '    id: 1',
      '- include: {file: a}',
      '&a [*a]',
      '<<: *x',
      '- ? {}',
      '!!js x',
    ),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 12 }),
      fc.constantFrom('a.sql', 'a.yaml', 'a.json'),
      async (lines, path) => {
        try {
          await read({ [path]: lines.join('\n') })
        } catch (error) {
          expect(error).toBeInstanceOf(ChangelogError)
        }
      },
    ),
    { numRuns: 300 },
  )
})
