import { expect, test } from 'vitest'
import { foldProgress, NO_PROGRESS } from './fold-progress.ts'

const unit = (seq: number, name: string, status: string, at: number, durationMs = 0) => ({
  seq,
  kind: 'unit',
  name,
  status,
  at,
  durationMs,
})
const changeset = (seq: number, index: number, state: string) => ({
  seq,
  kind: 'changeset',
  changeset: { path: 'a.sql', id: String(index), author: 'ann' },
  state,
  at: 1_000 + seq,
  durationMs: 100,
  index,
  total: 12,
  message: '',
})

test('units and the changeset that runs are gathered, each event once', () => {
  const first = foldProgress(NO_PROGRESS, [
    { seq: 1, kind: 'status', state: 'running', at: 1 },
    unit(2, 'Fetch', 'running', 100),
    unit(3, 'Fetch', 'succeeded', 150, 50),
    unit(4, 'Apply', 'running', 160),
    changeset(5, 0, 'deployed'),
    changeset(6, 1, 'running'),
  ])
  expect(first).toEqual({
    sequence: 6,
    units: [
      { name: 'Fetch', status: 'succeeded', startedAt: 100, endedAt: 150 },
      { name: 'Apply', status: 'running', startedAt: 160 },
    ],
    changesets: {
      done: 1,
      total: 12,
      current: { path: 'a.sql', id: '1', author: 'ann', state: 'running', startTs: 906 },
    },
  })
  expect(foldProgress(first, [changeset(5, 0, 'deployed'), changeset(6, 1, 'running')])).toBe(first)
  expect(foldProgress(first, [changeset(7, 1, 'failed')]).changesets?.done).toBe(2)
})

test('a unit whose beginning was missed is known from its end', () => {
  expect(foldProgress(NO_PROGRESS, [unit(9, 'Plan', 'failed', 500, 120)]).units).toEqual([
    { name: 'Plan', status: 'failed', startedAt: 380, endedAt: 500 },
  ])
})

test('whatever else a delegate sends is left out, and nothing grows without end', () => {
  const nonsense = [null, 7, 'x', {}, { kind: 'unit' }, unit(1, 'x'.repeat(65), 'running', 1), unit(1, 'a', 'odd', 1)]
  expect(foldProgress(NO_PROGRESS, nonsense)).toBe(NO_PROGRESS)
  const many = Array.from({ length: 100 }, (_, index) => unit(index + 1, `u${index}`, 'running', 1))
  expect(foldProgress(NO_PROGRESS, many).units).toHaveLength(32)
  const long = { ...changeset(1, 0, 'running'), changeset: { path: 'p'.repeat(9_999), id: '\u0000', author: 'a' } }
  expect(foldProgress(NO_PROGRESS, [long]).changesets?.current?.path).toHaveLength(1_024)
})
