import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDelegateFrame } from './codec.ts'
import type { DelegateMessage, TaskResult } from './frames.ts'
import { ProgressBuffer } from './progress.ts'
import { ResultAssembler, resultMessages, type AssembledResult } from './results.ts'

const result = (output: unknown): TaskResult => ({
  taskId: 'tsk-1',
  status: 'succeeded',
  output,
  startedAt: 1,
  endedAt: 2,
})

function receive(assembler: ResultAssembler, messages: readonly DelegateMessage[]): AssembledResult | undefined {
  for (const message of messages) {
    if (message.kind === 'task.chunk') assembler.push(message.body)
    if (message.kind === 'task.result') return assembler.finish(message.body)
  }
  return undefined
}

describe('results', () => {
  it('arrive as they are at any size, in frames that fit', () => {
    for (const length of [10, 500_000, 524_200, 524_300, 700_000, 3_000_000]) {
      const sent = result({ text: 'é"\n'.repeat(length / 10), length })
      const messages = resultMessages(sent)
      for (const message of messages) expect(() => encodeDelegateFrame(message, '1')).not.toThrow()
      expect(receive(new ResultAssembler(), messages)).toEqual({ ok: true, result: sent })
    }
  })

  it('over 64 MiB are refused with a sentence', () => {
    expect(() => resultMessages(result('x'.repeat(65 * 1024 * 1024)))).toThrow(/"tsk-1" has \d+ bytes; the most is/)
  })

  it('sent again from the first chunk replace what came before', () => {
    const sent = result('y'.repeat(2_000_000))
    const messages = resultMessages(sent)
    const assembler = new ResultAssembler()
    receive(assembler, messages.slice(0, 2))
    expect(receive(assembler, messages)).toEqual({ ok: true, result: sent })
  })

  it('with chunks missing, doubled or changed are never taken for whole', () => {
    const messages = resultMessages(result('z'.repeat(2_000_000)))
    const damage = fc.record({
      index: fc.nat(messages.length - 2),
      how: fc.constantFrom('drop', 'double', 'change', 'swap'),
    })
    fc.assert(
      fc.property(damage, ({ index, how }) => {
        const damaged = [...messages]
        const at = damaged[index]
        if (at?.kind !== 'task.chunk') return
        if (how === 'drop') damaged.splice(index, 1)
        if (how === 'double') damaged.splice(index, 0, at)
        if (how === 'swap') damaged.splice(index, 2, ...damaged.slice(index, index + 2).toReversed())
        if (how === 'change') {
          const data = at.body.data.replace(/^..../, 'AAAA')
          damaged[index] = { kind: 'task.chunk', body: { ...at.body, data } }
        }
        // Index 0 begins anew, so one doubled there is harmless; any other damage is named.
        const harmless = how === 'double' && index === 0
        expect(receive(new ResultAssembler(), damaged)?.ok ?? false).toBe(harmless)
      }),
      { numRuns: 40 },
    )
  })

  it('can hold no more than the limit of one connection', () => {
    const messages = resultMessages(result('z'.repeat(2_000_000)))
    expect(receive(new ResultAssembler(1_000_000), messages)).toMatchObject({ ok: false })
  })
})

describe('progress', () => {
  it('goes out once per interval and task, in order', () => {
    const buffer = new ProgressBuffer(250)
    buffer.add('tsk-1', 'a', 1_000)
    buffer.add('tsk-2', 'x', 1_100)
    buffer.add('tsk-1', 'b', 1_200)
    expect(buffer.nextDue()).toBe(1_250)
    expect(buffer.takeDue(1_249)).toEqual([])
    expect(buffer.takeDue(1_250)).toEqual([
      { kind: 'task.progress', body: { taskId: 'tsk-1', events: ['a', 'b'], dropped: 0 } },
    ])
    expect(buffer.nextDue()).toBe(1_350)
  })

  it('drops and counts the oldest of too many, so that a frame always fits', () => {
    const buffer = new ProgressBuffer(250)
    for (let index = 0; index < 300; index += 1) buffer.add('tsk-1', { index, text: 'é'.repeat(1_000) }, 0)
    const [message] = buffer.takeDue(250)
    if (message?.kind !== 'task.progress') throw new Error('no progress')
    expect(message.body.events.length + message.body.dropped).toBe(300)
    expect(message.body.events.at(-1)).toMatchObject({ index: 299 })
    expect(() => encodeDelegateFrame(message, '1')).not.toThrow()
  })
})
