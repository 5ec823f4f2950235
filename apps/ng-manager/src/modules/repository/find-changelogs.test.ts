import { expect, test } from 'vitest'
import { findChangelogs } from './find-changelogs.ts'

const names = (paths: string[]) => findChangelogs(paths).map(({ path }) => path)

test('a master file comes before its parts, and what has nothing to do with databases is left out', () => {
  expect(
    names([
      'package.json',
      'docker-compose.yml',
      '.github/workflows/main.yml',
      'node_modules/x/db/changelog.yaml',
      'db/changelog/2024-01.yaml',
      'db/changelog/db.changelog-master.yaml',
      'src/main.json',
    ]),
  ).toEqual(['db/changelog/db.changelog-master.yaml'])
  expect(names(['db/changelog.sql', 'README.yaml'])).toEqual(['db/changelog.sql'])
})

test('a folder of SQL files is a changelog by itself', () => {
  expect(findChangelogs(['migrations/V1__a.sql', 'migrations/V2__b.sql', 'queries/a.sql'])).toEqual([
    { path: 'migrations', format: 'folder', score: 35 },
  ])
})

test('at most fifty are told', () => {
  expect(names(Array.from({ length: 80 }, (_, index) => `db/changelog-${index}.xml`))).toHaveLength(50)
})
