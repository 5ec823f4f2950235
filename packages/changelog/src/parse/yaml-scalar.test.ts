import { expect, test } from 'vitest'
import { readPlainScalar } from './yaml-scalar.ts'

/** As the YAML parser of Liquibase 4.28 reads and prints them. */
test.each([
  ['1.50', '1.5'],
  ['1.0', '1.0'],
  ['1e3', '1000.0'],
  ['1e10', '1.0E10'],
  ['.5', '0.5'],
  ['0.0001', '1.0E-4'],
  ['1.0E-5', '1.0E-5'],
  ['123456789.125', '1.23456789125E8'],
  ['.inf', 'Infinity'],
  ['190:20:30.15', '685230.15'],
  ['0123', '83'],
  ['09', '09'],
  ['0x1F', '31'],
  ['0b11', '3'],
  ['0o17', '0o17'],
  ['1_000', '1000'],
  ['+12', '12'],
  ['-0', '0'],
  ['1:30', '90'],
  ['12345678901234567890', '12345678901234567890'],
  ['yes', 'true'],
  ['off', 'false'],
  ['y', 'y'],
  ['2020-01-02', 'Thu Jan 02 00:00:00 UTC 2020'],
  ['2020-01-02 10:11:12', '2020-01-02 10:11:12'],
  ['plain text', 'plain text'],
])('unquoted %s is "%s"', (plain, text) => {
  expect(readPlainScalar(plain)).toEqual({ kind: 'text', text })
})

test.each(['', '~', 'null', 'NULL'])('unquoted "%s" is nothing', (plain) => {
  expect(readPlainScalar(plain)).toEqual({ kind: 'null' })
})

test('a point in time with a zone must be quoted', () => {
  expect(readPlainScalar('2001-12-14 21:59:43.10 -5')).toEqual({ kind: 'timestamp' })
})
