import { isAppError, toFailure } from '@sluice/contracts/errors'
import {
  decodeServerFrame,
  describeDelegate,
  encodeDelegateFrame,
  FRAME_LIMIT_BYTES,
  nextDelegateDeadline,
  ProgressBuffer,
  resultMessages,
  signHello,
  startDelegate,
  stepDelegate,
  WS_PATH,
  type DelegateEffect,
  type DelegateEvent,
  type DelegateMessage,
  type DelegateOptions,
  type DelegateState,
  type DelegateStore,
  type OfferedTask,
  type OpenedSecret,
  type RecoveredTask,
  type RejectReason,
  type TaskResult,
} from '@sluice/delegate-protocol'
import type { Logger } from 'pino'
import { WebSocket } from 'ws'
import type { Enrolled } from '../enrolment/enrol.ts'
import { trustOf } from './trust.ts'

/** What the loop drives; made after the loop, because both speak to it. Each task ends with the event `taskFinished`. */
export interface LoopParts {
  runner: {
    /** Why this delegate declines a task; undefined where it takes it. */
    decide(task: OfferedTask): RejectReason | undefined
    run(task: OfferedTask): void
    resume(taskId: string): void
    cancel(taskId: string, reason: string): void
    skip(taskId: string, status: TaskResult['status'], message: string): void
  }
  secrets: {
    opened(requestId: string, secrets: readonly OpenedSecret[]): void
    refused(requestId: string, message: string): void
  }
}

/** How the machine ended: after a drain, or for good because only a person can help. */
export interface Stopped {
  reason: string
  final: boolean
  /** Of the last connection, where the server closed it. */
  closeCode?: number
}

export interface DelegateLoopOptions {
  config: { serviceUrl: string; caPem?: string }
  enrolled: Enrolled
  store: DelegateStore
  machine: DelegateOptions
  recovered: RecoveredTask[]
  logger: Logger
  onStopped: (stopped: Stopped) => void
}

const HANDSHAKE_TIMEOUT_MS = 10_000

/** Drives the pure delegate side of the protocol over one WebSocket at a time, for ever. */
export class DelegateLoop {
  readonly #options: DelegateLoopOptions
  readonly #progress = new ProgressBuffer()
  #parts: LoopParts | undefined
  #state: DelegateState
  #timer: NodeJS.Timeout | undefined
  #progressTimer: NodeJS.Timeout | undefined
  #sockets = new Map<number, WebSocket>()
  #frames = 0
  readonly #trust: ReturnType<typeof trustOf>
  #closeCode: number | undefined

  constructor(options: DelegateLoopOptions) {
    this.#options = options
    this.#trust = trustOf(options.config.caPem)
    this.#state = startDelegate(options.machine, options.recovered)
  }

  start(parts: LoopParts): void {
    this.#parts = parts
    this.apply({ type: 'start' })
  }

  apply(event: DelegateEvent): void {
    const step = stepDelegate(this.#state, event, { now: Date.now(), random: Math.random() })
    this.#state = step.state
    for (const effect of step.effects) {
      try {
        this.#carryOut(effect)
      } catch (error) {
        // The loop must go on: its next deadline is what notices that something is wrong.
        this.#options.logger.error({ err: error, effect: effect.type }, 'delegate loop')
      }
    }
    clearTimeout(this.#timer)
    const deadline = nextDelegateDeadline(this.#state)
    if (deadline !== undefined)
      this.#timer = setTimeout(() => this.apply({ type: 'tick' }), Math.max(1, deadline - Date.now()))
  }

  addProgress(taskId: string, event: unknown): void {
    this.#progress.add(taskId, event, Date.now())
    this.#armProgress()
  }

  /** The state of the loop, for the debug page. */
  snapshot(): Record<string, unknown> {
    return describeDelegate(this.#state)
  }

  get isConnected(): boolean {
    return this.#state.phase.name === 'ready'
  }

  /** Resolves when every socket is gone, `withinMs` at most. */
  async closed(withinMs: number): Promise<void> {
    const gone = [...this.#sockets.values()].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, withinMs)
    })
    await Promise.race([Promise.all(gone), limit])
    clearTimeout(timer)
    for (const socket of this.#sockets.values()) socket.terminate()
  }

  #armProgress(): void {
    if (this.#progressTimer !== undefined) return
    const due = this.#progress.nextDue()
    if (due === undefined) return
    this.#progressTimer = setTimeout(
      () => {
        this.#progressTimer = undefined
        for (const message of this.#progress.takeDue(Date.now())) this.apply({ type: 'progress', message })
        this.#armProgress()
      },
      Math.max(1, due - Date.now()),
    )
  }

  #background(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.logger.error({ err: error, what }, 'delegate loop'))
  }

  #carryOut(effect: DelegateEffect): void {
    const parts = this.#parts
    if (parts === undefined) return
    switch (effect.type) {
      case 'connect':
        this.#connect(effect.socket)
        return
      case 'closeSocket':
        this.#sockets.get(effect.socket)?.close(effect.code, effect.reason.slice(0, 120))
        return
      case 'send':
        this.#frames += 1
        this.#sockets.get(effect.socket)?.send(encodeDelegateFrame(effect.message, String(this.#frames)))
        return
      case 'signHello':
        this.#background('hello', this.#signHello(effect.socket, effect.nonce, effect.serverTimeMs))
        return
      case 'decideOffer': {
        const { taskId } = effect.task
        this.apply({ type: 'offerDecided', taskId, offerId: effect.offerId, reject: parts.runner.decide(effect.task) })
        return
      }
      case 'persistGrant':
        this.#background('grant', this.#persistGrant(effect))
        return
      case 'runTask':
        parts.runner.run(effect.task)
        return
      case 'resumeTask':
        parts.runner.resume(effect.taskId)
        return
      case 'cancelTask':
        parts.runner.cancel(effect.taskId, effect.reason)
        return
      case 'skipTask':
        parts.runner.skip(effect.taskId, effect.status, effect.message)
        return
      case 'sendResult':
        this.#background('result', this.#sendResult(effect.socket, effect.taskId))
        return
      case 'forgetTask':
        this.#background('forget', this.#options.store.forget(effect.taskId))
        return
      case 'secretsOpened':
        parts.secrets.opened(effect.requestId, effect.secrets)
        return
      case 'secretsRefused':
        parts.secrets.refused(effect.requestId, effect.message)
        return
      case 'log':
        this.#options.logger[effect.level](effect.fields, effect.message)
        return
      case 'stopped':
        clearTimeout(this.#timer)
        clearTimeout(this.#progressTimer)
        this.#options.onStopped({ reason: effect.reason, final: effect.final, closeCode: this.#closeCode })
    }
  }

  #connect(socket: number): void {
    const { config } = this.#options
    const url = `${config.serviceUrl.replace(/^https/, 'wss')}${WS_PATH}`
    const ws = new WebSocket(url, {
      ...this.#trust,
      perMessageDeflate: false,
      maxPayload: FRAME_LIMIT_BYTES,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    })
    this.#sockets.set(socket, ws)
    let opened = false
    ws.on('open', () => {
      opened = true
      this.apply({ type: 'socketOpened', socket })
    })
    ws.on('message', (data: Buffer, isBinary: boolean) => {
      const decoded = decodeServerFrame(isBinary ? new Uint8Array(data) : data.toString('utf8'))
      this.apply(
        decoded.ok
          ? { type: 'frame', socket, frame: decoded.frame }
          : { type: 'badFrame', socket, problem: decoded.problem },
      )
    })
    ws.on('error', (error) => {
      if (opened) return
      this.#sockets.delete(socket)
      this.apply({ type: 'socketFailed', socket, message: error.message })
    })
    ws.on('close', (code, reason) => {
      if (!this.#sockets.delete(socket)) return
      if (socket === this.#state.socket) this.#closeCode = code
      this.apply({ type: 'socketClosed', socket, code, reason: reason.toString('utf8') })
    })
  }

  async #signHello(socket: number, nonce: string, serverTimeMs: number): Promise<void> {
    const { accountId, delegateId, keys } = this.#options.enrolled
    try {
      const token = await signHello({ accountId, delegateId, keys, nonce, serverTimeMs })
      this.apply({ type: 'helloSigned', socket, token })
    } catch (error) {
      this.apply({ type: 'helloNotSigned', socket, message: error instanceof Error ? error.message : String(error) })
    }
  }

  async #persistGrant(effect: Extract<DelegateEffect, { type: 'persistGrant' }>): Promise<void> {
    const { taskId } = effect.task
    try {
      await this.#options.store.saveGrant(effect.task, effect.offerId)
      this.apply({ type: 'grantPersisted', taskId })
    } catch (error) {
      this.apply({ type: 'grantPersisted', taskId, error: error instanceof Error ? error.message : String(error) })
    }
  }

  async #sendResult(socket: number, taskId: string): Promise<void> {
    const result = await this.#options.store.readResult(taskId)
    const ws = this.#sockets.get(socket)
    if (result === undefined || ws === undefined) return
    for (const message of await this.#messagesOf(result)) {
      this.#frames += 1
      ws.send(encodeDelegateFrame(message, String(this.#frames)))
    }
  }

  /** A result that is too large to be sent ever becomes the failure that says so. */
  async #messagesOf(result: TaskResult): Promise<DelegateMessage[]> {
    try {
      return resultMessages(result)
    } catch (error) {
      if (!isAppError(error)) throw error
      const { taskId, startedAt, endedAt } = result
      const failure = toFailure(error)
      const failed: TaskResult = { taskId, status: 'failed', failure, startedAt, endedAt }
      await this.#options.store.saveResult(failed)
      return resultMessages(failed)
    }
  }
}
