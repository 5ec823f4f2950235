import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeDelegateFrame, decodeServerFrame, encodeDelegateFrame, encodeServerFrame } from './codec.ts'
import { DELEGATE_BODIES, SERVER_BODIES, type DelegateMessage, type ServerMessage } from './frames.ts'
import { FRAME_LIMIT_BYTES } from './limits.ts'

const frame = (change: Record<string, unknown> = {}) =>
  JSON.stringify({ v: 1, kind: 'heartbeat', id: '1', body: { sequence: 1, running: [], results: [] }, ...change })

const delegateMessages: DelegateMessage[] = [
  { kind: 'task.accept', body: { taskId: 'tsk-1', offerId: 'msg-1' } },
  { kind: 'task.progress', body: { taskId: 'tsk-1', events: [{ a: [1, 'ü'] }], dropped: 0 } },
  {
    kind: 'task.result',
    body: {
      taskId: 'tsk-1',
      result: { taskId: 'tsk-1', status: 'succeeded', output: { deep: [null, 'x'] }, startedAt: 1, endedAt: 2 },
    },
  },
  { kind: 'secret.open', body: { requestId: 'req-1', taskId: 'tsk-1', secrets: [{ secretId: 'sec-1', version: 1 }] } },
]
const serverMessages: ServerMessage[] = [
  { kind: 'task.grant', body: { taskId: 'tsk-1', offerId: 'msg-1' } },
  { kind: 'drain', body: { mode: 'reconnect', reason: 'a restart', graceMs: 0 } },
  {
    kind: 'task.offer',
    body: {
      offerId: 'msg-1',
      acceptWithinMs: 2_000,
      task: {
        taskId: 'tsk-1',
        attemptId: 'att-1',
        type: 'pod.init',
        parameters: { any: ['json'] },
        secrets: [{ name: 'database.password', secretId: 'sec-1', version: 2 }],
        timeoutMs: 1_000,
        signatures: [],
      },
    },
  },
]

describe('frames', () => {
  it('come back as they were sent', () => {
    for (const message of delegateMessages) {
      expect(decodeDelegateFrame(encodeDelegateFrame(message, '7'))).toEqual({
        ok: true,
        frame: { v: 1, id: '7', ...message },
      })
    }
    for (const message of serverMessages) {
      const bytes = new TextEncoder().encode(encodeServerFrame(message, '7'))
      expect(decodeServerFrame(bytes)).toEqual({ ok: true, frame: { v: 1, id: '7', ...message } })
    }
  })

  it.each<[string, string | Uint8Array, string, RegExp]>([
    ['not JSON', '{', 'frame.not-json', /not JSON/],
    ['not UTF-8', new Uint8Array([0xff, 0xfe]), 'frame.not-text', /UTF-8/],
    ['not an object', '[]', 'frame.invalid', /\{ v, kind, id, body \}/],
    ['of another version', frame({ v: 2 }), 'frame.version', /version 2; this side speaks 1/],
    ['without a field', frame({ body: { sequence: 1, results: [] } }), 'frame.invalid', /"heartbeat".*"running"/],
    ['too large', `"${'x'.repeat(FRAME_LIMIT_BYTES)}"`, 'frame.too-large', /1048578 bytes; the most is 1048576/],
    ['too large in UTF-8 only', `"${'é'.repeat(FRAME_LIMIT_BYTES / 2)}"`, 'frame.too-large', /1048578 bytes/],
  ])('name the problem of one that is %s', (_, data, code, message) => {
    const decoded = decodeDelegateFrame(data)
    expect(decoded).toMatchObject({ ok: false, problem: { code, fatal: true } })
    expect(decoded.ok ? '' : decoded.problem.message).toMatch(message)
  })

  it('of an unknown kind are a problem that ends nothing, and inherited names are no kinds', () => {
    for (const kind of ['task.teleport', 'constructor', '__proto__', 'toString', 'hello']) {
      expect(decodeServerFrame(frame({ kind }))).toMatchObject({
        ok: false,
        problem: { code: 'frame.unknown-kind', fatal: false, kind, id: '1' },
      })
    }
  })

  it('lose fields that this version does not know', () => {
    const decoded = decodeDelegateFrame(
      frame({ body: { sequence: 1, running: [], results: [], later: true }, extra: 1 }),
    )
    expect(decoded).toEqual({
      ok: true,
      frame: { v: 1, kind: 'heartbeat', id: '1', body: { sequence: 1, running: [], results: [] } },
    })
  })

  it('never quote a body in the problem', () => {
    const decoded = decodeDelegateFrame(frame({ kind: 'hello', body: { token: { canary: 'hunter22' } } }))
    expect(JSON.stringify(decoded)).not.toContain('hunter22')
  })

  it('over the limit are refused at the sender', () => {
    const body = { taskId: 'tsk-1', events: ['x'.repeat(FRAME_LIMIT_BYTES)], dropped: 0 }
    expect(() => encodeDelegateFrame({ kind: 'task.progress', body }, '1')).toThrow(/"task.progress" has 10\d+ bytes/)
  })

  it('decode without a crash, whatever the bytes', () => {
    const kinds = fc.constantFrom(...Object.keys(DELEGATE_BODIES), ...Object.keys(SERVER_BODIES))
    const shaped = fc
      .record({ v: fc.constantFrom(1, 1, 1, 2, '1'), kind: kinds, id: fc.constantFrom('1', ''), body: fc.jsonValue() })
      .map((value) => JSON.stringify(value))
    const data = fc.oneof(fc.string(), fc.uint8Array(), fc.json(), shaped)
    fc.assert(
      fc.property(data, (bytes) => {
        for (const decoded of [decodeDelegateFrame(bytes), decodeServerFrame(bytes)]) {
          if (!decoded.ok) expect(decoded.problem.message).toMatch(/^The frame|^This side/)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('with one damaged character decode or name the problem', () => {
    const texts = [
      ...delegateMessages.map((message) => encodeDelegateFrame(message, '1')),
      ...serverMessages.map((message) => encodeServerFrame(message, '1')),
    ]
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.string({ maxLength: 2 }), (text, place, put) => {
        const at = place % text.length
        const decoded = decodeDelegateFrame(text.slice(0, at) + put + text.slice(at + 1))
        expect(decoded.ok || decoded.problem.message.length > 10).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('survive a frame nested as deep as the limit allows', () => {
    const deep = `{"v":1,"kind":"heartbeat","id":"1","body":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
    expect(decodeDelegateFrame(deep).ok).toBe(false)
  })
})
