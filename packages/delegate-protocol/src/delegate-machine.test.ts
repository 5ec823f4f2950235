import { describe, expect, it } from 'vitest'
import {
  nextDelegateDeadline,
  startDelegate,
  stepDelegate,
  type DelegateEffect,
  type DelegateEvent,
  type DelegateState,
} from './delegate-machine.ts'
import type { OfferedTask, ServerMessage } from './frames.ts'
import { CLOSE_CODES, closeReason } from './limits.ts'

const options = {
  accountId: 'acc-1',
  delegateId: 'dlg-1',
  delegateVersion: '0',
  journalId: 'jnl-1',
  capabilities: [],
  capacity: 1,
}
const task: OfferedTask = {
  taskId: 'tsk-1',
  attemptId: 'att-1',
  type: 'pod.init',
  parameters: {},
  secrets: [],
  timeoutMs: 1,
  signatures: [],
}

/** A delegate with a clock, and everything it asked for so far. */
class Bench {
  now = 1_000
  effects: DelegateEffect[] = []
  state: DelegateState

  constructor(recovered: Parameters<typeof startDelegate>[1] = []) {
    this.state = startDelegate(options, recovered)
    this.tell({ type: 'start' })
  }

  tell(event: DelegateEvent): DelegateEffect[] {
    const step = stepDelegate(this.state, event, { now: this.now, random: 0.5 })
    this.state = step.state
    this.effects.push(...step.effects)
    return step.effects
  }

  frame(message: ServerMessage): DelegateEffect[] {
    return this.tell({ type: 'frame', socket: this.state.socket, frame: { v: 1, id: '1', ...message } })
  }

  /** Lets time pass until the machine wants a tick. */
  wait(): DelegateEffect[] {
    this.now = Math.max(this.now, nextDelegateDeadline(this.state) ?? this.now)
    return this.tell({ type: 'tick' })
  }

  connect(wanted: string[] = []): this {
    while (this.state.phase.name === 'waiting') this.wait()
    const { socket } = this.state
    this.tell({ type: 'socketOpened', socket })
    this.frame({ kind: 'challenge', body: { nonce: 'n'.repeat(20), serverTimeMs: 5, minVersion: 1, maxVersion: 1 } })
    this.tell({ type: 'helloSigned', socket, token: 'jwt' })
    const body = {
      delegateId: 'dlg-1',
      connectionId: 'con-1',
      heartbeatIntervalMs: 5_000,
      missedHeartbeats: 3,
      leaseMs: 30_000,
    }
    this.frame({ kind: 'welcome', body: { ...body, resultsWanted: wanted, tasksToStop: [] } })
    return this
  }

  offer(offerId = 'msg-1'): DelegateEffect[] {
    return this.frame({ kind: 'task.offer', body: { offerId, acceptWithinMs: 2_000, task } })
  }

  running(): this {
    this.offer()
    this.tell({ type: 'offerDecided', taskId: 'tsk-1', offerId: 'msg-1' })
    this.frame({ kind: 'task.grant', body: { taskId: 'tsk-1', offerId: 'msg-1' } })
    this.tell({ type: 'grantPersisted', taskId: 'tsk-1' })
    return this
  }
}

const sent = (effects: readonly DelegateEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.message.kind] : []))
const types = (effects: readonly DelegateEffect[]) =>
  effects.map((effect) => effect.type).filter((type) => type !== 'log')

describe('the delegate’s machine', () => {
  it('starts a task only after its grant is on disk', () => {
    const bench = new Bench().connect()
    expect(types(bench.offer())).toEqual(['decideOffer'])
    expect(sent(bench.tell({ type: 'offerDecided', taskId: 'tsk-1', offerId: 'msg-1' }))).toEqual(['task.accept'])
    expect(types(bench.frame({ kind: 'task.grant', body: { taskId: 'tsk-1', offerId: 'msg-1' } }))).toEqual([
      'persistGrant',
    ])
    expect(types(bench.tell({ type: 'grantPersisted', taskId: 'tsk-1' }))).toEqual(['runTask'])
  })

  it('reports a task as failed whose grant could not be written', () => {
    const bench = new Bench().connect()
    bench.offer()
    bench.tell({ type: 'offerDecided', taskId: 'tsk-1', offerId: 'msg-1' })
    bench.frame({ kind: 'task.grant', body: { taskId: 'tsk-1', offerId: 'msg-1' } })
    const effects = bench.tell({ type: 'grantPersisted', taskId: 'tsk-1', error: 'disk full' })
    expect(effects).toMatchObject([
      { type: 'skipTask', status: 'failed', message: expect.stringContaining('disk full') },
    ])
  })

  it('rejects what it has no room for, and a grant without an accepted offer', () => {
    const bench = new Bench().connect().running()
    const other = { ...task, taskId: 'tsk-2' }
    const effects = bench.frame({ kind: 'task.offer', body: { offerId: 'msg-2', acceptWithinMs: 2_000, task: other } })
    expect(effects).toMatchObject([{ message: { kind: 'task.reject', body: { reason: { code: 'busy' } } } }])
    const grant = bench.frame({ kind: 'task.grant', body: { taskId: 'tsk-3', offerId: 'msg-3' } })
    expect(grant).toMatchObject([{ message: { kind: 'task.reject', body: { reason: { code: 'invalid' } } } }])
  })

  it('cancels a running task once, and one that is not yet on disk never runs', () => {
    const bench = new Bench().connect().running()
    const cancel: ServerMessage = { kind: 'task.cancel', body: { taskId: 'tsk-1', reason: 'asked' } }
    expect(types(bench.frame(cancel))).toEqual(['cancelTask'])
    expect(types(bench.frame(cancel))).toEqual([])
    const early = new Bench().connect()
    early.offer()
    early.tell({ type: 'offerDecided', taskId: 'tsk-1', offerId: 'msg-1' })
    early.frame({ kind: 'task.grant', body: { taskId: 'tsk-1', offerId: 'msg-1' } })
    early.frame(cancel)
    expect(types(early.tell({ type: 'grantPersisted', taskId: 'tsk-1' }))).toEqual(['skipTask'])
  })

  it('sends a result until it is acknowledged, also over later connections', () => {
    const bench = new Bench().connect().running()
    expect(types(bench.tell({ type: 'taskFinished', taskId: 'tsk-1' }))).toEqual(['sendResult'])
    const times = [bench.wait(), bench.wait()].flatMap(types)
    expect(times).toContain('sendResult')
    bench.tell({ type: 'socketClosed', socket: bench.state.socket, code: 1006, reason: '' })
    bench.effects = []
    bench.connect(['tsk-1'])
    expect(types(bench.effects)).toContain('sendResult')
    const acknowledged = bench.frame({ kind: 'task.result.ack', body: { taskId: 'tsk-1', disposition: 'stored' } })
    expect(types(acknowledged)).toEqual(['forgetTask'])
  })

  it('forgets a result that the server closed already, and sends one that ended during the handshake', () => {
    const closed = new Bench([{ taskId: 'tsk-1', offerId: 'msg-1', state: 'result' }]).connect([])
    expect(types(closed.effects)).toContain('forgetTask')
    const during = new Bench([{ taskId: 'tsk-1', offerId: 'msg-1', state: 'granted' }])
    expect(types(during.effects)).toEqual(['resumeTask', 'connect'])
    const { socket } = during.state
    during.tell({ type: 'socketOpened', socket })
    during.frame({ kind: 'challenge', body: { nonce: 'n'.repeat(20), serverTimeMs: 5, minVersion: 1, maxVersion: 1 } })
    during.tell({ type: 'helloSigned', socket, token: 'jwt' })
    during.tell({ type: 'taskFinished', taskId: 'tsk-1' })
    const body = { delegateId: 'dlg-1', connectionId: 'c', heartbeatIntervalMs: 5_000, missedHeartbeats: 3, leaseMs: 1 }
    expect(types(during.frame({ kind: 'welcome', body: { ...body, resultsWanted: [], tasksToStop: [] } }))).toEqual([
      'sendResult',
    ])
  })

  it('beats, declares a silent server dead after three intervals, and comes back', () => {
    const bench = new Bench().connect()
    const began = bench.now
    bench.effects = []
    while (bench.state.phase.name === 'ready') bench.wait()
    expect(bench.now - began).toBe(15_000)
    expect(sent(bench.effects)).toEqual(['heartbeat', 'heartbeat'])
    expect(bench.effects).toContainEqual(
      expect.objectContaining({ type: 'closeSocket', code: CLOSE_CODES.heartbeatMissed.code }),
    )
    expect(bench.connect().state.phase.name).toBe('ready')
  })

  it('backs off further with each failure up to a minute, for ever', () => {
    const bench = new Bench()
    const waits: number[] = []
    for (let attempt = 0; attempt < 12; attempt += 1) {
      bench.tell({ type: 'socketFailed', socket: bench.state.socket, message: 'refused' })
      waits.push((nextDelegateDeadline(bench.state) ?? 0) - bench.now)
      bench.wait()
    }
    expect(waits.slice(0, 4)).toEqual([750, 1_500, 3_000, 6_000])
    expect(waits.at(-1)).toBe(45_000)
  })

  it('drops what was offered with the connection, so that it takes no room', () => {
    const bench = new Bench().connect()
    bench.offer()
    bench.tell({ type: 'socketClosed', socket: bench.state.socket, code: 1006, reason: '' })
    expect([...bench.state.tasks]).toEqual([])
    bench.connect()
    expect(types(bench.tell({ type: 'offerDecided', taskId: 'tsk-1', offerId: 'msg-1' }))).toEqual([])
  })

  it('ignores events of sockets that are not the current one', () => {
    const bench = new Bench().connect()
    const before = bench.state
    bench.tell({ type: 'socketClosed', socket: 0, code: 1006, reason: '' })
    expect(bench.state).toBe(before)
  })

  it('stops for good when it was revoked, and says so to whoever waits for a secret', () => {
    const bench = new Bench().connect()
    bench.tell({
      type: 'openSecrets',
      requestId: 'req-1',
      taskId: 'tsk-1',
      secrets: [{ secretId: 'sec-1', version: 1 }],
    })
    const effects = bench.tell({ type: 'socketClosed', socket: bench.state.socket, code: 4403, reason: 'revoked' })
    expect(types(effects)).toEqual(['secretsRefused', 'stopped'])
    expect(effects.at(-1)).toMatchObject({ final: true })
    expect(nextDelegateDeadline(bench.state)).toBeUndefined()
  })

  it('asks for secrets again after a reconnect, and gives up after 15 s', () => {
    const bench = new Bench().connect()
    const ask = {
      type: 'openSecrets',
      requestId: 'req-1',
      taskId: 'tsk-1',
      secrets: [{ secretId: 'sec-1', version: 1 }],
    } as const
    expect(sent(bench.tell(ask))).toEqual(['secret.open'])
    bench.tell({ type: 'socketClosed', socket: bench.state.socket, code: 1006, reason: '' })
    bench.effects = []
    bench.connect()
    expect(sent(bench.effects)).toEqual(['hello', 'secret.open'])
    bench.now += 15_000
    expect(types(bench.tell({ type: 'tick' }))).toContain('secretsRefused')
  })

  it('moves to another server at once when asked, without touching its tasks', () => {
    const bench = new Bench().connect().running()
    const effects = bench.frame({ kind: 'drain', body: { mode: 'reconnect', reason: 'a restart', graceMs: 0 } })
    expect(sent(effects)).toEqual(['goodbye'])
    expect((nextDelegateDeadline(bench.state) ?? 0) - bench.now).toBeLessThanOrEqual(1_000)
    bench.effects = []
    bench.connect()
    expect(bench.effects).toContainEqual(
      expect.objectContaining({
        message: expect.objectContaining({ kind: 'hello', body: expect.objectContaining({ running: ['tsk-1'] }) }),
      }),
    )
    expect(types(bench.effects)).not.toContain('cancelTask')
  })

  it('drains: rejects offers, finishes what runs, says goodbye, stops', () => {
    const bench = new Bench().connect().running()
    expect(sent(bench.tell({ type: 'drain', reason: 'SIGTERM', graceMs: 60_000 }))).toEqual(['drain'])
    const other = { ...task, taskId: 'tsk-2' }
    const offer = bench.frame({ kind: 'task.offer', body: { offerId: 'msg-2', acceptWithinMs: 1, task: other } })
    expect(offer).toMatchObject([{ message: { body: { reason: { code: 'draining' } } } }])
    bench.tell({ type: 'taskFinished', taskId: 'tsk-1' })
    const effects = bench.frame({ kind: 'task.result.ack', body: { taskId: 'tsk-1', disposition: 'stored' } })
    expect(types(effects)).toEqual(['forgetTask', 'send', 'closeSocket', 'stopped'])
    expect(effects.at(-1)).toMatchObject({ final: false })
  })

  it('cuts close reasons to what a close frame holds', () => {
    const reason = closeReason('é'.repeat(200))
    expect(new TextEncoder().encode(reason).byteLength).toBeLessThanOrEqual(123)
    expect(reason).toMatch(/^é+$/)
  })
})
