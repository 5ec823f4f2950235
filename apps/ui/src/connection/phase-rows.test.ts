import { expect, test } from 'vitest'
import { DATABASE_PHASES, phaseRows, withReason } from './phase-rows.ts'

test('before anything is told, the first phase runs and the rest waits', () => {
  expect(phaseRows(DATABASE_PHASES, [], 'RUNNING').map(({ state }) => state)).toEqual([
    'running',
    'waiting',
    'waiting',
    'waiting',
    'waiting',
  ])
})

test('after a failure the rest is not reached', () => {
  const phases = [
    { phase: 'dns' as const, ok: true, durationMs: 2 },
    { phase: 'tcp' as const, ok: false, durationMs: 9, message: 'Nothing answers' },
  ]

  expect(phaseRows(DATABASE_PHASES, phases, 'FAILURE').map(({ phase, state }) => [phase, state])).toEqual([
    ['dns', 'passed'],
    ['tcp', 'failed'],
    ['tls', 'notReached'],
    ['login', 'notReached'],
    ['privileges', 'notReached'],
  ])
})

test('a phase that the target does not have is left out once a later one was told', () => {
  const phases = [
    { phase: 'dns' as const, ok: true, durationMs: 2 },
    { phase: 'login' as const, ok: true, durationMs: 9 },
  ]

  expect(phaseRows(DATABASE_PHASES, phases, 'RUNNING').map(({ phase }) => phase)).toEqual([
    'dns',
    'login',
    'privileges',
  ])
})

test('a phase told in two parts is one row, and fails with its second part', () => {
  const phases = [
    { phase: 'login' as const, ok: true, durationMs: 4, message: 'Logged in' },
    { phase: 'login' as const, ok: false, durationMs: 3, message: 'No such role' },
  ]

  expect(phaseRows(['login'], phases, 'FAILURE')).toEqual([
    { phase: 'login', state: 'failed', durationMs: 7, message: 'No such role' },
  ])
})

test('the failed phase tells the whole reason, and no other phase does', () => {
  const rows = phaseRows(
    ['dns', 'tcp'],
    [
      { phase: 'dns', ok: true, durationMs: 1, message: 'Nothing' },
      { phase: 'tcp', ok: false, durationMs: 1, message: 'Nothing listens there' },
    ],
    'FAILURE',
  )
  const told = withReason(rows, 'Nothing listens there. Write the name of the host.')

  expect(told.map(({ message }) => message)).toEqual(['Nothing', 'Nothing listens there. Write the name of the host.'])
  expect(withReason(rows, 'Something else')).toEqual(rows)
})
