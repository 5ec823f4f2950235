import type {
  DelegateEffect,
  DelegateEnv,
  DelegateState,
  DelegateStep,
  DelegateTask,
  PendingSecrets,
} from './delegate-state.ts'
import type { DelegateMessage } from './frames.ts'
import { CLOSE_CODES, closeReason, type CloseCodeName, type RetryPolicy } from './limits.ts'

/** Wakes kept for the debug page. */
const WAKES_KEPT = 20

/** Server drains move a connection: the whole fleet must not come back in the same millisecond. */
const RETRY_NOW_JITTER_MS = 1_000

/** One step of the delegate's machine in the making. It lives for one call; the states before and after are values. */
export class DelegateDraft {
  readonly env: DelegateEnv
  readonly effects: DelegateEffect[] = []
  readonly tasks: Map<string, DelegateTask>
  readonly secrets: Map<string, PendingSecrets>
  #state: DelegateState

  constructor(state: DelegateState, env: DelegateEnv) {
    this.#state = state
    this.env = env
    this.tasks = new Map(state.tasks)
    this.secrets = new Map(state.secrets)
  }

  get state(): DelegateState {
    return this.#state
  }

  get ready(): boolean {
    return this.#state.phase.name === 'ready'
  }

  change(part: Partial<Omit<DelegateState, 'tasks' | 'secrets'>>): void {
    this.#state = { ...this.#state, ...part }
  }

  effect(effect: DelegateEffect): void {
    this.effects.push(effect)
  }

  send(message: DelegateMessage): void {
    this.effect({ type: 'send', socket: this.#state.socket, message })
  }

  log(level: 'info' | 'warn' | 'error', message: string, fields: Record<string, string | number> = {}): void {
    this.effect({ type: 'log', level, message, fields })
  }

  wake(reason: string): void {
    this.change({ wakes: [...this.#state.wakes.slice(1 - WAKES_KEPT), { at: this.env.now, reason }] })
  }

  connect(reason: string): void {
    this.wake(reason)
    const socket = this.#state.socket + 1
    this.change({ socket, phase: { name: 'connecting', deadline: this.env.now + this.#state.timing.connectWithinMs } })
    this.effect({ type: 'connect', socket })
  }

  close(code: CloseCodeName, reason: string): void {
    this.effect({
      type: 'closeSocket',
      socket: this.#state.socket,
      code: CLOSE_CODES[code].code,
      reason: closeReason(reason),
    })
  }

  /** The connection is gone, or given up: plan the next one. Granted tasks are not touched. */
  disconnect(reason: string, retry: RetryPolicy): void {
    const { now, random } = this.env
    const { phase, timing } = this.#state
    for (const task of this.tasks.values()) {
      if (task.state === 'offered' || task.state === 'accepted') this.tasks.delete(task.taskId)
    }
    if (retry === 'never') {
      this.stop(reason, true)
      return
    }
    const wasReady = phase.name === 'ready'
    const stable = phase.name === 'ready' && now - phase.since >= timing.stableAfterMs
    // A server that closes "now" before it ever said welcome must not be called in a tight loop.
    const immediately = retry === 'now' && wasReady
    const attempt = (stable ? 0 : this.#state.attempt) + (immediately ? 0 : 1)
    const waitMs = immediately
      ? RETRY_NOW_JITTER_MS * random
      : Math.min(timing.backoffCapMs, timing.backoffBaseMs * 2 ** Math.min(attempt - 1, 30)) * (0.5 + random / 2)
    this.wake(reason)
    this.change({ attempt, phase: { name: 'waiting', until: now + Math.ceil(waitMs), reason } })
    this.log('warn', 'connection ended; the delegate will connect again', {
      reason,
      waitMs: Math.ceil(waitMs),
      attempt,
    })
  }

  /** Ends the machine. What is unacknowledged stays in the store for the next start. */
  stop(reason: string, final: boolean): void {
    const { name } = this.#state.phase
    if (!final && name === 'ready') this.send({ kind: 'goodbye', body: { reason } })
    if (!final && name !== 'waiting') this.close('normal', reason)
    for (const requestId of this.secrets.keys()) {
      this.effect({ type: 'secretsRefused', requestId, message: `The delegate stops: ${reason}.` })
    }
    this.secrets.clear()
    this.wake(reason)
    this.change({ phase: { name: 'stopped', reason } })
    this.effect({ type: 'stopped', reason, final })
  }

  done(): DelegateStep {
    return { state: { ...this.#state, tasks: this.tasks, secrets: this.secrets }, effects: this.effects }
  }
}
