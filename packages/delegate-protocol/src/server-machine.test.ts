import { describe, expect, it } from 'vitest'
import type { DelegateMessage, HelloBody, OfferedTask, ServerMessage } from './frames.ts'
import { CLOSE_CODES } from './limits.ts'
import {
  nextServerDeadline,
  openServerConnection,
  stepServer,
  type HeldTask,
  type ServerEffect,
  type ServerEvent,
  type ServerState,
} from './server-machine.ts'

const task: OfferedTask = {
  taskId: 'tsk-1',
  attemptId: 'att-1',
  type: 'pod.init',
  parameters: {},
  secrets: [],
  timeoutMs: 1,
  signatures: [],
}
const hello: HelloBody = {
  accountId: 'acc-1',
  delegateId: 'dlg-1',
  token: 'jwt',
  protocolVersion: 1,
  delegateVersion: '0',
  journalId: 'jnl-1',
  capabilities: [],
  capacity: 4,
  running: [],
  results: [],
}
const held = (change: Partial<HeldTask> = {}): HeldTask => ({
  taskId: 'tsk-1',
  offerId: 'msg-1',
  journalId: 'jnl-1',
  state: 'granted',
  ...change,
})

class Bench {
  now = 1_000
  state: ServerState
  first: ServerEffect[]

  constructor() {
    const opened = openServerConnection({ connectionId: 'con-1', nonce: 'n'.repeat(20) }, this.now)
    this.state = opened.state
    this.first = opened.effects
  }

  tell(event: ServerEvent): ServerEffect[] {
    const step = stepServer(this.state, event, { now: this.now })
    this.state = step.state
    return step.effects.filter((effect) => effect.type !== 'log')
  }

  frame(message: DelegateMessage): ServerEffect[] {
    return this.tell({ type: 'frame', frame: { v: 1, id: '1', ...message } })
  }

  wait(): ServerEffect[] {
    this.now = Math.max(this.now, nextServerDeadline(this.state) ?? this.now)
    return this.tell({ type: 'tick' })
  }

  welcome(body: Partial<HelloBody> = {}, rows: HeldTask[] = []): ServerEffect[] {
    this.frame({ kind: 'hello', body: { ...hello, ...body } })
    return this.tell({ type: 'helloVerified', held: rows })
  }

  granted(): this {
    this.welcome()
    this.tell({ type: 'offer', task, offerId: 'msg-1' })
    this.frame({ kind: 'task.accept', body: { taskId: 'tsk-1', offerId: 'msg-1' } })
    this.tell({ type: 'grantDecided', taskId: 'tsk-1', offerId: 'msg-1', granted: true })
    return this
  }
}

const sent = (effects: readonly ServerEffect[]): ServerMessage[] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
const types = (effects: readonly ServerEffect[]) => effects.map((effect) => effect.type)
const closedWith = (effects: readonly ServerEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'close' ? [effect.code] : []))

describe('the server’s machine', () => {
  it('challenges first, and welcomes only after the hello was verified', () => {
    const bench = new Bench()
    expect(sent(bench.first)).toMatchObject([{ kind: 'challenge', body: { serverTimeMs: 1_000 } }])
    expect(bench.frame({ kind: 'hello', body: hello })).toMatchObject([{ type: 'verifyHello', nonce: 'n'.repeat(20) }])
    expect(types(bench.tell({ type: 'helloVerified', held: [] }))).toEqual(['send', 'connected'])
  })

  it.each<[string, DelegateMessage, number]>([
    ['a frame before the hello', { kind: 'heartbeat', body: { sequence: 0, running: [], results: [] } }, 4400],
    ['a version it does not speak', { kind: 'hello', body: { ...hello, protocolVersion: 2 } }, 4426],
  ])('closes on %s', (_, message, code) => {
    const effects = new Bench().frame(message)
    expect(sent(effects)).toMatchObject([{ kind: 'error', body: { fatal: true } }])
    expect(closedWith(effects)).toEqual([code])
    expect(types(effects).at(-1)).toBe('disconnected')
  })

  it('closes with the code of the refusal', () => {
    for (const close of ['unauthenticated', 'revoked', 'unknownDelegate', 'awaitingApproval'] as const) {
      const bench = new Bench()
      bench.frame({ kind: 'hello', body: hello })
      const effects = bench.tell({ type: 'helloRefused', close, message: 'no' })
      expect(closedWith(effects)).toEqual([CLOSE_CODES[close].code])
    }
  })

  it('gives the whole handshake 10 s', () => {
    const bench = new Bench()
    bench.frame({ kind: 'hello', body: hello })
    expect(closedWith(bench.wait())).toEqual([4408])
    expect(bench.now).toBe(11_000)
  })

  it('settles what both sides believe after a reconnect', () => {
    const rows = [
      held({ taskId: 'running', state: 'running' }),
      held({ taskId: 'ended', state: 'running' }),
      held({ taskId: 'never-arrived' }),
      held({ taskId: 'journal-gone', journalId: 'jnl-0' }),
      held({ taskId: 'stop-it', state: 'running', cancelReason: 'asked' }),
    ]
    const effects = new Bench().welcome(
      { running: ['running', 'stop-it', 'foreign'], results: ['ended', 'closed'] },
      rows,
    )
    expect(sent(effects)).toMatchObject([
      { kind: 'welcome', body: { resultsWanted: ['ended'], tasksToStop: [{ taskId: 'foreign' }] } },
      { kind: 'task.cancel', body: { taskId: 'stop-it', reason: 'asked' } },
    ])
    expect(effects).toContainEqual({ type: 'releaseGrant', taskId: 'never-arrived', offerId: 'msg-1' })
    expect(effects).toContainEqual(expect.objectContaining({ type: 'loseTask', taskId: 'journal-gone' }))
    expect(effects).toContainEqual({
      type: 'extendLeases',
      taskIds: ['running', 'ended', 'stop-it'],
      leaseUntil: 31_000,
    })
  })

  it('grants by compare-and-set only, and withdraws where that fails', () => {
    const bench = new Bench()
    bench.welcome()
    bench.tell({ type: 'offer', task, offerId: 'msg-1' })
    const accept: DelegateMessage = { kind: 'task.accept', body: { taskId: 'tsk-1', offerId: 'msg-1' } }
    expect(bench.frame(accept)).toEqual([
      { type: 'grantTask', taskId: 'tsk-1', offerId: 'msg-1', journalId: 'jnl-1', leaseUntil: 31_000 },
    ])
    expect(bench.frame(accept)).toEqual([])
    const effects = bench.tell({ type: 'grantDecided', taskId: 'tsk-1', offerId: 'msg-1', granted: false })
    expect(sent(effects)).toMatchObject([{ kind: 'task.withdraw' }])
    expect(effects.at(-1)).toMatchObject({ type: 'offerEnded', outcome: 'notGranted' })
  })

  it('offers elsewhere after 2 s, and withdraws from an acceptance that comes later', () => {
    const bench = new Bench()
    bench.welcome()
    bench.tell({ type: 'offer', task, offerId: 'msg-1' })
    expect(bench.wait()).toContainEqual(expect.objectContaining({ type: 'offerEnded', outcome: 'timedOut' }))
    expect(bench.now).toBe(3_000)
    const late = bench.frame({ kind: 'task.accept', body: { taskId: 'tsk-1', offerId: 'msg-1' } })
    expect(sent(late)).toMatchObject([{ kind: 'task.withdraw' }])
    expect(types(late)).toEqual(['send'])
  })

  it('releases a grant that was decided after the connection ended', () => {
    const bench = new Bench()
    bench.welcome()
    bench.tell({ type: 'offer', task, offerId: 'msg-1' })
    bench.frame({ kind: 'task.accept', body: { taskId: 'tsk-1', offerId: 'msg-1' } })
    expect(types(bench.tell({ type: 'socketClosed', code: 1006, reason: '' }))).toEqual(['disconnected'])
    expect(bench.tell({ type: 'grantDecided', taskId: 'tsk-1', offerId: 'msg-1', granted: true })).toEqual([
      { type: 'releaseGrant', taskId: 'tsk-1', offerId: 'msg-1' },
    ])
  })

  it('extends leases of what is running or reporting, and stops what it did not assign', () => {
    const bench = new Bench().granted()
    const effects = bench.frame({
      kind: 'heartbeat',
      body: { sequence: 0, running: ['tsk-9'], results: ['tsk-1', 'tsk-8'] },
    })
    expect(sent(effects)).toMatchObject([{ kind: 'task.cancel', body: { taskId: 'tsk-9' } }])
    expect(effects).toContainEqual({ type: 'extendLeases', taskIds: ['tsk-1'], leaseUntil: 31_000 })
  })

  it('opens secrets only for a task that this delegate holds', () => {
    const bench = new Bench().granted()
    const ask = (taskId: string) =>
      bench.frame({
        kind: 'secret.open',
        body: { requestId: 'req-1', taskId, secrets: [{ secretId: 'sec-1', version: 1 }] },
      })
    expect(types(ask('tsk-1'))).toEqual(['openSecrets'])
    expect(sent(ask('tsk-2'))).toMatchObject([{ kind: 'secret.refused' }])
  })

  it('refuses to put more secrets into a frame than fit', () => {
    const bench = new Bench().granted()
    const secret = {
      secretId: 'sec-1',
      version: 1,
      scope: '',
      iv: '',
      ciphertext: 'A'.repeat(250_000),
      tag: '',
      sealedKey: { enc: '', ciphertext: '' },
    }
    const secrets = [secret, secret, secret, secret]
    const effects = bench.tell({ type: 'secretsOpened', requestId: 'req-1', taskId: 'tsk-1', secrets })
    expect(sent(effects)).toMatchObject([{ kind: 'secret.refused' }])
  })

  it('acknowledges a result only after it was closed, also one that it knows nothing of', () => {
    const bench = new Bench().granted()
    const result = { taskId: 'tsk-7', status: 'succeeded', startedAt: 1, endedAt: 2 } as const
    expect(types(bench.frame({ kind: 'task.result', body: { taskId: 'tsk-7', result } }))).toEqual(['receiveResult'])
    expect(sent(bench.tell({ type: 'resultClosed', taskId: 'tsk-7', disposition: 'unknown' }))).toEqual([
      { kind: 'task.result.ack', body: { taskId: 'tsk-7', disposition: 'unknown' } },
    ])
  })

  it('beats, and declares a silent delegate dead after three intervals', () => {
    const bench = new Bench()
    bench.welcome()
    const kinds: string[] = []
    while (bench.state.phase.name === 'ready') kinds.push(...sent(bench.wait()).map((message) => message.kind))
    expect(kinds).toEqual(['heartbeat', 'heartbeat'])
    expect(bench.now).toBe(16_000)
  })

  it('ends open offers and closes at once when the delegate is revoked', () => {
    const bench = new Bench()
    bench.welcome()
    bench.tell({ type: 'offer', task, offerId: 'msg-1' })
    const effects = bench.tell({ type: 'revoke', reason: 'the token was revoked' })
    expect(sent(effects)).toMatchObject([{ kind: 'goodbye' }])
    expect(closedWith(effects)).toEqual([4403])
    expect(types(effects).slice(-2)).toEqual(['offerEnded', 'disconnected'])
    expect(nextServerDeadline(bench.state)).toBeUndefined()
    expect(bench.tell({ type: 'offer', task, offerId: 'msg-2' })).toMatchObject([
      { type: 'offerEnded', offerId: 'msg-2' },
    ])
  })

  it('moves its delegates when it drains, and waits 10 s for them', () => {
    const bench = new Bench().granted()
    const effects = bench.tell({ type: 'drain', mode: 'reconnect', reason: 'a restart', graceMs: 0 })
    expect(sent(effects)).toMatchObject([{ kind: 'drain', body: { mode: 'reconnect' } }])
    expect(bench.tell({ type: 'offer', task, offerId: 'msg-2' })).toMatchObject([{ outcome: 'disconnected' }])
    bench.now += 10_000
    expect(closedWith(bench.tell({ type: 'tick' }))).toEqual([1001])
  })
})
