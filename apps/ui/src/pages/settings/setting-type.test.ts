import { expect, test } from 'vitest'
import { boundsText, typeOf } from './setting-type.ts'

test('a schema of zod leads to the field of its type, with its bounds', () => {
  expect(typeOf({ type: 'integer', minimum: 1, maximum: 720 })).toEqual({
    kind: 'number',
    isInteger: true,
    minimum: 1,
    maximum: 720,
  })
  expect(typeOf({ type: 'boolean' })).toEqual({ kind: 'boolean' })
  expect(typeOf({})).toEqual({ kind: 'text' })
})

test('bounds are told as far as there are any', () => {
  expect(boundsText({ minimum: 5, maximum: 86_400 }, 'seconds')).toBe('5 to 86,400 seconds')
  expect(boundsText({ minimum: 5 })).toBe('at least 5')
  expect(boundsText({})).toBe('')
})
