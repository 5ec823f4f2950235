import { expect, test } from 'vitest'
import { baselineCount } from './baseline-count.ts'

const NONE = { total: 0, deployed: 0, pending: 0, changed: 0, failed: 0, unknown: 0, skipped: 0, rolledBack: 0 }

test('a database whose history has none of the changesets can get a baseline, also after a first run that failed', () => {
  expect(baselineCount({ lastRefreshedAt: 1, counts: { ...NONE, total: 17, pending: 17 } })).toBe(17)
  expect(baselineCount({ lastRefreshedAt: 1, counts: { ...NONE, total: 17, pending: 16, failed: 1 } })).toBe(17)
})

test('there is nothing to mark where the history has some, or nobody has looked', () => {
  expect(baselineCount({ lastRefreshedAt: 1, counts: { ...NONE, total: 17, pending: 16, deployed: 1 } })).toBe(0)
  expect(baselineCount({ counts: { ...NONE, total: 17, pending: 17 } })).toBe(0)
  expect(baselineCount(undefined)).toBe(0)
})
