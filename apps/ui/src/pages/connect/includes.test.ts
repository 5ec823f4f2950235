import { expect, test } from 'vitest'
import { includesOf } from './includes.ts'

test('YAML: files and folders, from the root or relative to the changelog', () => {
  const text = `databaseChangeLog:
  # - include: { file: old.yaml }
  - include:
      file: changes/001.sql
      relativeToChangelogFile: true
  - include: { file: 'db/other.yaml' }
  - includeAll:
      path: ../shared/
      relativeToChangelogFile: true
  - changeSet:
      id: 1
      author: ada`

  expect(includesOf(text, 'db/changelog.yaml')).toEqual([
    { path: 'db/changes/001.sql', isFolder: false },
    { path: 'db/other.yaml', isFolder: false },
    { path: 'shared', isFolder: true },
  ])
})

test('XML: attributes in any order, comments left out', () => {
  const text = `<databaseChangeLog><!-- <include file="no.xml"/> -->
    <include relativeToChangelogFile="true" file="a.xml"/><includeAll path="db/all/"/></databaseChangeLog>`

  expect(includesOf(text, 'db/root.xml')).toEqual([
    { path: 'db/a.xml', isFolder: false },
    { path: 'db/all', isFolder: true },
  ])
})

test('JSON', () => {
  const text =
    '{"databaseChangeLog":[{"include":{"file":"a.json","relativeToChangelogFile":true}},{"include":{"file":"b.sql"}}]}'

  expect(includesOf(text, 'db/root.json').map(({ path }) => path)).toEqual(['db/a.json', 'b.sql'])
})

test('formatted SQL includes nothing', () => {
  expect(includesOf('--liquibase formatted sql\ninclude: x', 'a.sql')).toEqual([])
})
