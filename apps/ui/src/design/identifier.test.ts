import { expect, test } from 'vitest'
import { identifierOf, identifierProblem, numberedIdentifier } from './identifier.ts'

test.each([
  ['Shop DB (production)', 'shop_db_production'],
  ['Café Zoë', 'cafe_zoe'],
  ['2nd database', '_2nd_database'],
  ['  ', ''],
])('a name suggests an identifier: %s', (name, identifier) => {
  expect(identifierOf(name)).toBe(identifier)
})

test('whatever a name suggests is an identifier', () => {
  for (const name of ['a'.repeat(400), '9'.repeat(400), '-- x --', 'ÄÖÜ 12']) {
    expect(identifierProblem(identifierOf(name))).toBeUndefined()
  }
})

test('a taken identifier is numbered and stays one', () => {
  expect(numberedIdentifier('shop', 1)).toBe('shop')
  expect(numberedIdentifier('shop', 3)).toBe('shop_3')
  expect(identifierProblem(numberedIdentifier('s'.repeat(128), 12))).toBeUndefined()
})
