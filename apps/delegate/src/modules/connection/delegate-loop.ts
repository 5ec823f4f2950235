import {
  decodeServerFrame,
  describeDelegate,
  encodeDelegateFrame,
  nextDelegateDeadline,
  ProgressBuffer,
  resultMessages,
  signHello,
  startDelegate,
  stepDelegate,
  WS_PATH,
  type DelegateEffect,
  type DelegateEvent,
  type DelegateOptions,
  type DelegateState,
  type DelegateStore,
  type RecoveredTask,
} from '@sluice/delegate-protocol'
import type { Logger } from 'pino'
import { WebSocket } from 'ws'
import type { DelegateConfig } from '../../config.ts'
import type { Enrolled } from '../enrolment/enrol.ts'
import type { SecretOpener } from '../secret/secret-opener.ts'
import type { TaskRunner } from '../task/task-runner.ts'

/** What the loop drives; made after the loop, because both speak to it. */
export interface LoopParts {
  runner: TaskRunner
  secrets: SecretOpener
}

export interface DelegateLoopOptions {
  config: DelegateConfig
  enrolled: Enrolled
  store: DelegateStore
  machine: DelegateOptions
  recovered: RecoveredTask[]
  logger: Logger
  /** The machine stopped: after a drain, or because only a person can help. */
  onStopped: (stopped: { reason: string; final: boolean }) => void
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

  constructor(options: DelegateLoopOptions) {
    this.#options = options
    this.#state = startDelegate(options.machine, options.recovered)
  }

  start(parts: LoopParts): void {
    this.#parts = parts
    this.apply({ type: 'start' })
  }

  apply(event: DelegateEvent): void {
    const step = stepDelegate(this.#state, event, { now: Date.now(), random: Math.random() })
    this.#state = step.state
    for (const effect of step.effects) this.#carryOut(effect)
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
        this.#options.onStopped(effect)
    }
  }

  #connect(socket: number): void {
    const { config } = this.#options
    const url = `${config.serviceUrl.replace(/^https/, 'wss')}${WS_PATH}`
    const ws = new WebSocket(url, {
      ca: config.caPem,
      perMessageDeflate: false,
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
    for (const message of resultMessages(result)) {
      this.#frames += 1
      ws.send(encodeDelegateFrame(message, String(this.#frames)))
    }
  }
}
