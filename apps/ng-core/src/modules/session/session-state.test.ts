import { expect, test } from 'vitest'
import { GRACE_MS, judgeSession, ROTATE_AFTER_MS, type SessionState } from './session-state.ts'

const NOW = 1_000_000_000
const IDLE_MS = 3_600_000
const session = (over: Partial<SessionState> = {}): SessionState => ({
  kind: 'cookie',
  presented: 'current',
  rotatedAt: NOW,
  confirmedAt: NOW,
  lastUsedAt: NOW,
  expiresAt: NOW + IDLE_MS,
  ...over,
})

test('a cookie is rotated after its time, a bearer token never', () => {
  const rotatedAt = NOW - ROTATE_AFTER_MS
  expect(judgeSession(session({ rotatedAt }), IDLE_MS, NOW)).toMatchObject({ outcome: 'accept', rotate: true })
  expect(judgeSession(session({ rotatedAt, kind: 'bearer' }), IDLE_MS, NOW)).toMatchObject({ rotate: false })
})

test('the old secret is good until a minute after the new one was seen, then it ends the session', () => {
  const old = (confirmedAt: number | undefined) => session({ presented: 'previous', confirmedAt })
  expect(judgeSession(old(undefined), IDLE_MS, NOW)).toMatchObject({ outcome: 'accept', rotate: false })
  expect(judgeSession(old(NOW - GRACE_MS), IDLE_MS, NOW)).toMatchObject({ outcome: 'accept' })
  expect(judgeSession(old(NOW - GRACE_MS - 1), IDLE_MS, NOW)).toEqual({ outcome: 'end' })
})

test('a browser whose new secret got lost is given another', () => {
  const lost = session({ presented: 'previous', confirmedAt: undefined, rotatedAt: NOW - GRACE_MS - 1 })
  expect(judgeSession(lost, IDLE_MS, NOW)).toMatchObject({ outcome: 'accept', rotate: true })
})

test('time and idleness end it, whatever secret is shown; an unknown secret ends nothing', () => {
  expect(judgeSession(session({ expiresAt: NOW }), IDLE_MS, NOW)).toEqual({ outcome: 'refuse', reason: 'expired' })
  expect(judgeSession(session({ lastUsedAt: NOW - IDLE_MS }), IDLE_MS, NOW)).toEqual({
    outcome: 'refuse',
    reason: 'idle',
  })
  expect(judgeSession(session({ presented: 'neither' }), IDLE_MS, NOW)).toEqual({
    outcome: 'refuse',
    reason: 'unknown',
  })
})
