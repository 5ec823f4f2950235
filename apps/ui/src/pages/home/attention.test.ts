import type { PipelineSummary } from '@sluice/contracts/pipelines'
import { expect, it } from 'vitest'
import { blindSpots, databaseAttention, failedPipelines } from './attention.ts'

const run = (runSequence: number, status: 'Failed' | 'Success') => ({
  executionId: `pex-${runSequence}`,
  status,
  startTs: runSequence,
  runSequence,
  triggeredBy: { type: 'USER' as const, id: 'u', name: 'Ana' },
})
const pipeline = (...recentExecutions: ReturnType<typeof run>[]): PipelineSummary => ({
  identifier: 'ship',
  name: 'Ship',
  tags: {},
  orgIdentifier: 'o',
  projectIdentifier: 'p',
  version: 1,
  createdAt: 0,
  lastUpdatedAt: 0,
  recentExecutions,
})

it('names a pipeline whose last run failed', () => {
  expect(
    failedPipelines([pipeline(run(2, 'Failed'), run(1, 'Success'))]).map(({ executionId }) => executionId),
  ).toEqual(['pex-2'])
})

it('leaves a failure alone that a later run mended', () => {
  expect(failedPipelines([pipeline(run(2, 'Success'), run(1, 'Failed')), pipeline()])).toEqual([])
})

const counts = { total: 9, deployed: 9, pending: 0, changed: 0, failed: 0, unknown: 0, skipped: 0, rolledBack: 0 }
const instance = { instance: 'staging', name: 'Staging', counts }

it('says what a database lacks', () => {
  expect(databaseAttention('Shop', instance)).toBeUndefined()
  expect(databaseAttention('Shop', { ...instance, counts: { ...counts, pending: 1 } })?.reason).toBe(
    '1 pending changeset',
  )
  const worse = databaseAttention('Shop', { ...instance, counts: { ...counts, failed: 1, pending: 3 } })
  expect(worse).toMatchObject({ reason: '1 failed, 3 pending changesets', look: { tone: 'failure' } })
})

it('says what it has not looked at', () => {
  const all = { shown: 3, total: 3 }
  const looked = { schemas: all, pipelines: all, runs: all, unread: 0 }
  expect(blindSpots(looked)).toEqual([])
  expect(blindSpots({ ...looked, unread: 2, schemas: { shown: 20, total: 35 } })).toEqual([
    '2 databases have not been looked at yet.',
    'Only 20 of 35 schemas are looked at here.',
  ])
})
