import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTaskFinal, nextTask, resultDisposition, type TaskEvent, type TaskRow } from './task-lifecycle.ts'

const queued: TaskRow = { taskId: 'tsk-1', state: 'queued', version: 1, queuedUntil: 10_000 }
const grant = { type: 'grant', offerId: 'msg-1', delegateId: 'dlg-1', journalId: 'jnl-1', leaseUntil: 5_000 } as const

function after(...events: TaskEvent[]): TaskRow {
  return events.reduce((row, event) => {
    const next = nextTask(row, event)
    if (!next.ok) throw new Error(next.reason)
    return next.row
  }, queued)
}
const offered = after({ type: 'offer', offerId: 'msg-1', delegateId: 'dlg-1' })
const granted = after({ type: 'offer', offerId: 'msg-1', delegateId: 'dlg-1' }, grant)

const ids = fc.constantFrom('1', '2')
const event: fc.Arbitrary<TaskEvent> = fc.oneof(
  fc.record({ type: fc.constant('offer' as const), offerId: ids, delegateId: ids }),
  fc.record({ type: fc.constant('endOffer' as const), offerId: ids }),
  fc.record({
    type: fc.constant('grant' as const),
    offerId: ids,
    delegateId: ids,
    journalId: ids,
    leaseUntil: fc.nat(100),
  }),
  fc.record({ type: fc.constant('release' as const), offerId: ids }),
  fc.record({ type: fc.constant('extend' as const), delegateId: ids, leaseUntil: fc.nat(100) }),
  fc.record({
    type: fc.constant('result' as const),
    delegateId: ids,
    status: fc.constantFrom('succeeded', 'failed', 'cancelled'),
  }),
  fc.record({ type: fc.constant('lose' as const), offerId: ids, message: fc.constant('gone') }),
  fc.record({ type: fc.constant('expire' as const), now: fc.nat(200) }),
  fc.record({ type: fc.constant('cancel' as const), reason: fc.constant('asked') }),
)

describe('a task on the server', () => {
  it('is told to its submitter exactly once, at the moment it becomes final, and never moves again', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        let row: TaskRow = { ...queued, queuedUntil: 100 }
        let told = 0
        for (const one of events) {
          const next = nextTask(row, one)
          if (!next.ok) continue
          expect(isTaskFinal(row.state)).toBe(false)
          expect(next.row.version).toBe(row.version + 1)
          told += next.effects.filter((effect) => effect.type === 'closed').length
          row = next.row
        }
        expect(told).toBe(isTaskFinal(row.state) ? 1 : 0)
      }),
      { numRuns: 500 },
    )
  })

  it('is granted only for the offer that stands', () => {
    expect(nextTask(offered, { ...grant, offerId: 'msg-0' }).ok).toBe(false)
    expect(nextTask(offered, { ...grant, delegateId: 'dlg-2' }).ok).toBe(false)
    expect(nextTask(granted, grant).ok).toBe(false)
  })

  it('goes back to the queue when its grant never arrived, but not for an older offer', () => {
    expect(nextTask(granted, { type: 'release', offerId: 'msg-1' })).toMatchObject({
      row: { state: 'queued', delegateId: undefined },
      effects: [{ type: 'requeue' }],
    })
    expect(nextTask(granted, { type: 'release', offerId: 'msg-0' }).ok).toBe(false)
  })

  it('is not queued again on the strength of a lease: it is lost', () => {
    const next = nextTask(granted, { type: 'expire', now: 5_000 })
    expect(next).toMatchObject({ row: { state: 'lost' }, effects: [{ type: 'closed', as: 'lost' }] })
    expect(nextTask(granted, { type: 'expire', now: 4_999 }).ok).toBe(false)
  })

  it('ends at once when cancelled in the queue, and by its result when a delegate holds it', () => {
    expect(nextTask(offered, { type: 'cancel', reason: 'asked' })).toMatchObject({ row: { closedAs: 'cancelled' } })
    const cancelled = nextTask(granted, { type: 'cancel', reason: 'asked' })
    expect(cancelled).toMatchObject({
      row: { state: 'granted', cancelReason: 'asked' },
      effects: [{ type: 'tellHolder', delegateId: 'dlg-1', reason: 'asked' }],
    })
  })

  it('answers results by what became of it', () => {
    const finished = nextTask(granted, { type: 'result', delegateId: 'dlg-1', status: 'failed' })
    const lost = nextTask(granted, { type: 'lose', offerId: 'msg-1', message: 'gone' })
    if (!finished.ok || !lost.ok) throw new Error('refused')
    expect(resultDisposition(granted, 'dlg-1')).toBe('stored')
    expect(resultDisposition(granted, 'dlg-2')).toBe('late')
    expect(resultDisposition(finished.row, 'dlg-1')).toBe('duplicate')
    expect(resultDisposition(lost.row, 'dlg-1')).toBe('late')
    expect(resultDisposition(undefined, 'dlg-1')).toBe('unknown')
  })
})
