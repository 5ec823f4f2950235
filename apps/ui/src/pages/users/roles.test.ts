import { expect, test } from 'vitest'
import { assignmentOf, assignmentText, placeOf } from './roles.ts'

test('a role keeps its place on the way through a choice', () => {
  for (const place of ['', 'default', 'default/shop']) expect(placeOf(assignmentOf('editor', place))).toBe(place)
  expect(assignmentOf('admin', '')).toEqual({ role: 'admin' })
  expect(assignmentText(assignmentOf('viewer', 'default/shop'))).toBe('Viewer in default/shop')
})
