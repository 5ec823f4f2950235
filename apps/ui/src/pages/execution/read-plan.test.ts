import { expect, it } from 'vitest'
import { readPlan } from './read-plan.ts'

const changeSet = { id: 'customer', author: 'ana', filePath: 'db/001.sql' }
const plan = {
  version: 1 as const,
  hash: 'h',
  changelog: { path: 'db/changelog.yaml', commit: null },
}

it('reads the place, what is unusual, and every statement with its end', () => {
  const read = readPlan({
    ...plan,
    steps: [
      {
        changeSet,
        at: { file: 'db/001.sql', line: 3, column: 1 },
        action: 'rerun',
        inTransaction: false,
        comments: 'Whoever has an account',
        statements: [{ sql: 'create table a ()' }, { sql: 'create table b ();\n' }],
      },
    ],
    skipped: [{}, {}],
    notices: ['The history is new.'],
  })
  expect(read).toMatchObject({ skippedCount: 2, notices: ['The history is new.'] })
  expect(read.changesets[0]).toMatchObject({
    line: 3,
    comment: 'Whoever has an account',
    notes: ['runs again', 'outside a transaction'],
    sql: 'create table a ();\n\ncreate table b ();',
  })
})

it('shows a plan of an engine that tells nothing beyond the statements', () => {
  const read = readPlan({ ...plan, steps: [{ changeSet, statements: [] }] })
  expect(read.changesets[0]).toEqual({
    id: 'customer',
    author: 'ana',
    file: 'db/001.sql',
    line: undefined,
    comment: undefined,
    notes: [],
    sql: '',
  })
  expect(read.skippedCount).toBe(0)
})
