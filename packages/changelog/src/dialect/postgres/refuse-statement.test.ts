import { describe, expect, test } from 'vitest'
import { refuseStatement } from './refuse-statement.ts'

describe('refused, with the reason by name', () => {
  test.each([
    ['COPY_PROGRAM', `copy t from program 'curl evil'`],
    ['COPY_PROGRAM', `COPY (select 1) TO /* hidden */ PROGRAM 'sh'`],
    ['COPY_PROGRAM', `select 1; copy t to program 'sh'`],
    ['COPY_PROGRAM', `do $$ begin execute 'copy t to program ''sh'''; end $$`],
    ['COPY_PROGRAM', `create function f() returns void as $x$ copy t from -- c\n program 'sh' $x$ language sql`],
    ['COPY_FROM_CLIENT', `copy t (a, b) from stdin`],
    ['PSQL_COMMAND', `select 1;\n\\i other.sql`],
    ['PSQL_COMMAND', `\\copy t from 'x'`],
    ['TRANSACTION_CONTROL', `commit`],
    ['TRANSACTION_CONTROL', `begin; create table t (); commit`],
    ['TRANSACTION_CONTROL', `/* x */ rollback`],
    ['TRANSACTION_CONTROL', `prepare transaction 'x'`],
  ])('%s: %s', (code, sql) => {
    expect(refuseStatement(sql, true)?.code).toBe(code)
  })
})

test.each([
  `copy t from '/srv/data.csv'`,
  `select 'copy t from program x'`,
  `insert into notes values ('COPY t TO PROGRAM')`,
  `rollback to savepoint a`,
  `select E'\\\\i'`,
  `create function f() returns void as $$ begin raise notice 'copying the program'; end $$ language plpgsql`,
  `-- commit`,
])('not refused: %s', (sql) => {
  expect(refuseStatement(sql, true)).toBeUndefined()
})

test('outside a transaction its control is the author’s own', () => {
  expect(refuseStatement('begin; select 1; commit', false)).toBeUndefined()
})

test('the refusal points at the word', () => {
  const sql = 'select 1;\n\n  commit'
  expect(refuseStatement(sql, true)?.offset).toBe(sql.indexOf('commit'))
})
