import { expect, test } from 'vitest'
import { referenceTo, targetOf } from './reference.ts'

test('a reference leads back to the entity that it was made of', () => {
  const project = { orgIdentifier: 'default', projectIdentifier: 'shop' }
  for (const scope of [project, { orgIdentifier: 'default' }, {}]) {
    expect(targetOf(referenceTo({ ...scope, identifier: 'db' }), project)).toEqual({ identifier: 'db', query: scope })
  }
})
