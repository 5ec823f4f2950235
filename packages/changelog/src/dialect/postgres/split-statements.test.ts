import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SqlBlock } from '../../model/change-log.ts'
import { SourceText } from '../../model/source-text.ts'
import { lex } from './lex.ts'
import { splitStatements } from './split-statements.ts'

function block(sql: string, settings: Partial<SqlBlock> = {}): SqlBlock {
  const text = SourceText.ofFile('a.sql', sql)
  return { text, splitStatements: true, stripComments: false, endDelimiter: null, grammar: 'liquibase', ...settings }
}
const split = (sql: string, settings: Partial<SqlBlock> = {}) =>
  splitStatements(block(sql, settings)).map(({ text }) => text)

describe('a semicolon is no end inside', () => {
  test.each([
    ['a string', `select 'a;b'`],
    ['a string with doubled quotes', `select 'it''s; fine'`],
    ['a string that ends in a backslash', `select 'a\\'`],
    ['an E string with an escaped quote', `select E'a\\';b'`],
    ['a quoted name', `select "a;b"`],
    ['a dollar-quoted string', `select $$a;b$$`],
    ['a tagged dollar quote around another', `select $a$ ; $b$ ; $$ ; $a$`],
    ['a line comment', `select 1 -- a;b\n+ 1`],
    ['nested block comments', `select 1 /* a; /* b; */ c; */ + 1`],
    ['BEGIN … END', `begin; select 5; end`],
    ['a CASE in BEGIN … END', `begin; select case when true then 1 end; end`],
  ])('%s', (_name, sql) => {
    expect(split(`${sql};\nselect 2;`)).toEqual([sql, 'select 2'])
  })
})

test('a dollar inside a name or before a digit quotes nothing', () => {
  expect(split('select a$b; select $1; select c$d')).toEqual(['select a$b', 'select $1', 'select c$d'])
})

test('"go" and "/" end a statement when they stand alone on a line', () => {
  expect(split('select 1\nGO\nselect 2\n/\nselect 4 / 2\ngo ')).toEqual(['select 1', 'select 2', 'select 4 / 2'])
})

test('a plain file is cut as the server would, with its SQL-standard bodies whole', () => {
  const body = 'create function f() returns int begin atomic select 1; select case when true then 2 end; end'
  expect(split(`begin; ${body}; commit;\ngo`, { grammar: 'database', splitStatements: false })).toEqual([
    'begin',
    body,
    'commit',
    'go',
  ])
})

test.each([
  ['#', "select '#'# select 2", ["select '#'", 'select 2']],
  ['/', 'select 4 / 2\n/\nselect 2\n/', ['select 4 / 2', 'select 2']],
  ['\\nGO', 'select 1\ngo\nselect goose\nGO', ['select 1', 'select goose']],
  ['//', 'select 1 // select 2;//', ['select 1', 'select 2;']],
  ['(a+)+', 'select 1 (A+)+ select 2', ['select 1', 'select 2']],
])('endDelimiter %s', (endDelimiter, sql, statements) => {
  expect(split(sql, { endDelimiter })).toEqual(statements)
})

test('without splitting the text is one statement as it is', () => {
  expect(split(' select 1; select 2; ', { splitStatements: false })).toEqual(['select 1; select 2;'])
})

test('pieces of blanks and comments are dropped', () => {
  expect(split('-- only this\n;; /* and this */;')).toEqual([])
})

describe('stripping comments', () => {
  test('keeps words apart and strings whole', () => {
    expect(split(`select 1/* x */as/* y */"--", '/* no */' -- z`, { stripComments: true })).toEqual([
      `select 1as "--", '/* no */'`.replace('1as ', '1 as'),
    ])
  })
  test('reaches into the body of a routine, but not into data or other languages', () => {
    const sql = [
      'create function f() returns int language sql as $$ select 1 -- one\n $$',
      'insert into t values ($$ a -- b $$)',
      'create function g() returns int language plv8 as $$ x-- $$',
    ]
    expect(split(sql.join(';\n'), { stripComments: true })).toEqual([
      'create function f() returns int language sql as $$ select 1 \n $$',
      'insert into t values ($$ a -- b $$)',
      'create function g() returns int language plv8 as $$ x-- $$',
    ])
  })
})

test('every statement knows its line, also after comments were stripped', () => {
  const statements = splitStatements(
    block('-- c\nselect 1;\n\n/* x\n y */ select\n  2 + oops;', { stripComments: true }),
  )
  expect(statements.map((statement) => statement.at(0))).toEqual([
    { file: 'a.sql', line: 2, column: 1 },
    { file: 'a.sql', line: 5, column: 7 },
  ])
  const second = statements[1]
  expect(second?.at(second.text.indexOf('oops'))).toEqual({ file: 'a.sql', line: 6, column: 7 })
})

/** Pieces that hold semicolons in every place where they don't count. */
const piece = fc.oneof(
  fc.constantFrom('select', 'a', '1', '+', '(', ')', ',', '\n', ' ', '$1', 'x$y', 'E', '::text'),
  fc.string({ maxLength: 8 }).map((text) => `'${text.replaceAll("'", "''")}'`),
  fc.string({ maxLength: 8 }).map((text) => ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
  fc.string({ maxLength: 8 }).map((text) => `"${text.replaceAll('"', '""')}"`),
  fc.string({ maxLength: 8 }).map((text) => ` $tag$${text.replaceAll('$', ';')}$tag$`),
  fc.string({ maxLength: 8 }).map((text) => `--${text.replaceAll('\n', ';')}\n`),
  fc.string({ maxLength: 8 }).map((text) => ` /* ${text.replaceAll('*', ';').replaceAll('/', ';')} /* ; */ */`),
)
const statement = fc
  .array(piece, { minLength: 1, maxLength: 12 })
  .map((pieces) => `select ${pieces.join(' ')}`)
  .filter((sql) => !/^\s*(?:go|\/)\s*$/im.test(sql))

test('joining any statements by semicolons and splitting gives the same statements', () => {
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 5 }), (statements) => {
      const wanted = statements.map((sql) => SourceText.ofFile('', sql).trim().text)
      expect(split(statements.map((sql) => `${sql}\n;`).join('\n'))).toEqual(wanted)
    }),
  )
})

test('tokens cover any text without gaps', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (sql) => {
      expect(
        lex(sql)
          .map(({ start, end }) => sql.slice(start, end))
          .join(''),
      ).toBe(sql)
    }),
  )
})
