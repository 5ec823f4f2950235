import { expect, test } from 'vitest'
import { sqlTokens } from './sql-tokens.ts'

const of = (kind: string, sql: string): string[] =>
  sqlTokens(sql)
    .filter((token) => token.kind === kind)
    .map(({ text }) => text)

test('keywords, numbers, strings and comments are told apart', () => {
  const sql = "create table t (n int default 42, s text default 'it''s'); -- a note\nselect 1"
  expect(of('keyword', sql)).toEqual(['create', 'table', 'default', 'default', 'select'])
  expect(of('number', sql)).toEqual(['42', '1'])
  expect(of('string', sql)).toEqual(["'it''s'"])
  expect(of('comment', sql)).toEqual(['-- a note'])
})

test('what stands in quotes or in a function body is no keyword', () => {
  expect(of('keyword', '"select" $body$ select 1 $body$')).toEqual([])
  expect(of('string', '$body$ select 1 $body$')).toEqual(['$body$ select 1 $body$'])
})

test('tokens joined are the text again, whatever it is', () => {
  for (const sql of ['', "'open", '/* open', '$$ open', 'é — ☃ "x', 'a--b\n\n']) {
    expect(
      sqlTokens(sql)
        .map(({ text }) => text)
        .join(''),
    ).toBe(sql)
  }
})
