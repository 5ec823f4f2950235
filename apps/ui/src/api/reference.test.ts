import { expect, test } from 'vitest'
import { identifierOf, referenceTo, targetOf } from './reference.ts'

test('an identifier made of a name is one that the API takes', () => {
  const made = ['Orders DB 2', '1st database', 'Größe – ß', '  a.b/c  ', '$cash'].map(identifierOf)

  expect(made).toEqual(['Orders_DB_2', '_1st_database', 'Gro_e', 'a_b_c', '_$cash'])
  for (const identifier of made) expect(identifier).toMatch(/^[a-zA-Z_][0-9a-zA-Z_$]{0,127}$/)
})

test('a reference leads back to the entity that it was made of', () => {
  const project = { orgIdentifier: 'default', projectIdentifier: 'shop' }
  for (const scope of [project, { orgIdentifier: 'default' }, {}]) {
    expect(targetOf(referenceTo({ ...scope, identifier: 'db' }), project)).toEqual({ identifier: 'db', query: scope })
  }
})
