import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { IdleEnd } from './idle-end.ts'

let ended: number

beforeEach(() => {
  vi.useFakeTimers()
  ended = 0
})
afterEach(() => {
  vi.useRealTimers()
})

function start(): IdleEnd {
  return new IdleEnd(1_000, () => {
    ended += 1
  })
}

it('ends a pod that nobody has used for its time', () => {
  start()
  vi.advanceTimersByTime(999)
  expect(ended).toBe(0)
  vi.advanceTimersByTime(1)
  expect(ended).toBe(1)
})

it('never ends a pod while an attempt runs, and counts anew from the end of the last one', () => {
  const idle = start()
  const first = idle.hold()
  const second = idle.hold()
  vi.advanceTimersByTime(60_000)
  first()
  first()
  vi.advanceTimersByTime(60_000)
  expect(ended).toBe(0)
  second()
  vi.advanceTimersByTime(999)
  expect(ended).toBe(0)
  vi.advanceTimersByTime(1)
  expect(ended).toBe(1)
})

it('does not end a pod that was ended already', () => {
  const idle = start()
  const release = idle.hold()
  idle.stop()
  release()
  vi.advanceTimersByTime(60_000)
  expect(ended).toBe(0)
})
