import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Simulation } from './simulation.ts'

/** Mulberry32: a run is reproduced from the seed that fast-check prints. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function task(index: number) {
  const taskId = `tsk-${index}`
  return {
    taskId,
    attemptId: 'att-1',
    type: 'pod.execute',
    parameters: {},
    secrets: [],
    timeoutMs: 60_000,
    signatures: [],
  }
}

type Blow = 'cut' | 'silence' | 'crashDelegate' | 'loseDisk' | 'crashReplica' | 'cancel' | 'drain'

const blows = (...kinds: Blow[]) =>
  fc.array(fc.record({ kind: fc.constantFrom(...kinds), afterMs: fc.integer({ min: 0, max: 30_000 }) }), {
    maxLength: 12,
  })

function strike(simulation: Simulation, kind: Blow, turn: number): void {
  switch (kind) {
    case 'cut':
      return simulation.cut()
    case 'silence':
      return simulation.silence()
    case 'crashDelegate':
    case 'loseDisk':
      simulation.crashDelegate(kind === 'loseDisk')
      return simulation.after(3_000, () => simulation.startDelegate())
    case 'crashReplica':
      return simulation.crashReplica()
    case 'cancel':
      return simulation.cancel(`tsk-${turn % 6}`)
    case 'drain':
      return simulation.tell({ type: 'drain', reason: 'the host restarts', graceMs: 10_000 })
  }
}

function expectSettled(simulation: Simulation): void {
  expect(simulation.problems).toEqual([])
  for (const row of simulation.rows.values()) {
    expect(simulation.told.get(row.taskId), `${row.taskId} is ${row.state}`).toHaveLength(1)
    expect(simulation.starts.get(row.taskId) ?? 0).toBeLessThanOrEqual(1)
  }
  expect([...simulation.disk.grants.keys()]).toEqual([])
  expect([...simulation.disk.results.keys()]).toEqual([])
  expect([...(simulation.delegate?.tasks.keys() ?? [])]).toEqual([])
}

describe('both machines over a bad link', () => {
  it('runs and closes every task once when nothing goes wrong', () => {
    const simulation = new Simulation(randomOf(1), { databaseFailure: 0, connectFailure: 0 })
    simulation.startDelegate()
    for (let index = 0; index < 10; index += 1) simulation.submit(task(index))
    simulation.run(300_000)
    expectSettled(simulation)
    expect([...simulation.told.values()].flat()).toEqual(Array.from({ length: 10 }, () => 'succeeded'))
    expect([...simulation.starts.values()].every((count) => count === 1)).toBe(true)
  })

  it('delivers a result of several frames once, although the link breaks while it is sent', () => {
    const simulation = new Simulation(randomOf(2), { databaseFailure: 0.5, connectFailure: 0 })
    simulation.startDelegate()
    simulation.submit(task(0))
    simulation.outputs.set('tsk-0', 'x'.repeat(3_000_000))
    for (let blow = 0; blow < 6; blow += 1) {
      simulation.run(7_000)
      simulation.cut()
    }
    simulation.run(300_000)
    expectSettled(simulation)
    expect(simulation.told.get('tsk-0')).toEqual(['succeeded'])
  })

  const kinds = [
    'challenge',
    'hello',
    'welcome',
    'heartbeat',
    'task.offer',
    'task.accept',
    'task.grant',
    'task.chunk',
    'task.result',
    'task.result.ack',
  ]
  const moments = kinds.flatMap((kind) => (['sent', 'delivered'] as const).map((moment) => [kind, moment] as const))
  it.each(moments)(
    'loses no task to a cut when a frame "%s" was %s, the first to the fifth of them',
    (kind, moment) => {
      for (let nth = 1; nth <= 5; nth += 1) {
        for (const replicaToo of [false, true]) {
          const simulation = new Simulation(randomOf(nth), { databaseFailure: 0, connectFailure: 0 })
          let seen = 0
          simulation.onFrame = (frameKind, frameMoment) => {
            if (frameKind !== kind || frameMoment !== moment || (seen += 1) !== nth) return
            if (replicaToo) simulation.crashReplica()
            else simulation.cut()
          }
          simulation.startDelegate()
          for (let index = 0; index < 6; index += 1) simulation.submit(task(index))
          // Only here, because a big result is slow to encode over and over.
          if (kind === 'task.chunk') simulation.outputs.set('tsk-0', 'x'.repeat(1_000_000))
          simulation.run(600_000)
          expectSettled(simulation)
          expect([...simulation.told.values()].flat()).toEqual(Array.from({ length: 6 }, () => 'succeeded'))
        }
      }
    },
  )

  it('loses no task to short disconnections and database failures, at any point', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer({ min: 8_000, max: 40_000 }), { maxLength: 8 }), (seed, waits) => {
        const simulation = new Simulation(randomOf(seed), { databaseFailure: 0.2, connectFailure: 0 })
        simulation.startDelegate()
        for (let index = 0; index < 6; index += 1) simulation.submit(task(index))
        for (const waitMs of waits) {
          simulation.run(waitMs)
          simulation.cut()
        }
        simulation.run(600_000)
        expectSettled(simulation)
        expect([...simulation.told.values()].flat()).toEqual(Array.from({ length: 6 }, () => 'succeeded'))
      }),
      { numRuns: 150 },
    )
  })

  it('settles every task exactly once and starts none twice, whatever is killed, and nothing hangs', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        blows('cut', 'silence', 'crashDelegate', 'loseDisk', 'crashReplica', 'cancel'),
        (seed, strikes) => {
          const simulation = new Simulation(randomOf(seed), { databaseFailure: 0.1, connectFailure: 0.3 })
          simulation.startDelegate()
          for (let index = 0; index < 6; index += 1) simulation.submit(task(index))
          for (const [turn, { kind, afterMs }] of strikes.entries()) {
            simulation.run(afterMs)
            strike(simulation, kind, turn)
          }
          simulation.run(900_000)
          expectSettled(simulation)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('drains within its grace period from any moment, and the next start reports what was left', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 40_000 }), blows('cut', 'silence'), (seed, atMs, strikes) => {
        const simulation = new Simulation(randomOf(seed), { databaseFailure: 0.1, connectFailure: 0.3 })
        simulation.startDelegate()
        for (let index = 0; index < 6; index += 1) simulation.submit(task(index))
        simulation.run(atMs)
        strike(simulation, 'drain', 0)
        for (const [turn, { kind, afterMs }] of strikes.entries()) {
          simulation.run(Math.min(afterMs, 1_000))
          strike(simulation, kind, turn)
        }
        simulation.run(10_001)
        expect(simulation.stopped).toBe('the host restarts')
        simulation.crashDelegate()
        simulation.startDelegate()
        simulation.run(900_000)
        expectSettled(simulation)
      }),
      { numRuns: 100 },
    )
  })
})
