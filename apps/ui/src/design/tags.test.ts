import { expect, test } from 'vitest'
import { tagsOf, tagWords } from './tags.tsx'

test('tags come back from their words as they were', () => {
  const tags = { env: 'production', critical: '', note: 'a=b' }

  expect(tagsOf(tagWords(tags))).toEqual(tags)
  expect(tagsOf(['=x', '  '])).toEqual({})
})
