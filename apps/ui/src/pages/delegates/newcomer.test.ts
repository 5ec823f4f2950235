import { Delegate } from '@sluice/contracts/delegates'
import { expect, test } from 'vitest'
import { newcomer } from './newcomer.ts'

const delegate = (identifier: string, over: Partial<Delegate> = {}): Delegate =>
  Delegate.parse({
    identifier,
    name: identifier,
    tags: [],
    state: 'enrolled',
    connected: true,
    draining: false,
    status: 'CONNECTED',
    enrolledAt: 1,
    capacity: 2,
    runningTasks: 0,
    runtimes: ['process'],
    capabilities: [],
    tokenName: 'mine',
    ...over,
  })

test('only a delegate of this token that was not there before ends the wait', () => {
  const before = new Set(['old'])

  expect(newcomer([delegate('old'), delegate('other', { tokenName: 'theirs' })], before, 'mine')).toBeUndefined()
  expect(newcomer([delegate('old'), delegate('new', { connected: false })], before, 'mine')).toBeUndefined()
  expect(newcomer([delegate('old'), delegate('new')], before, 'mine')?.identifier).toBe('new')
})
