import type { ServerMessage } from './frames.ts'
import { CLOSE_CODES, closeReason, type CloseCodeName } from './limits.ts'
import type { OpenOffer, ServerEffect, ServerEnv, ServerState, ServerStep } from './server-state.ts'

/** One step of the server's machine in the making. It lives for one call; the states before and after are values. */
export class ServerDraft {
  readonly env: ServerEnv
  readonly effects: ServerEffect[] = []
  readonly offers: Map<string, OpenOffer>
  readonly held: Map<string, { offerId: string; state: 'granted' | 'running' }>
  #state: ServerState

  constructor(state: ServerState, env: ServerEnv) {
    this.#state = state
    this.env = env
    this.offers = new Map(state.offers)
    this.held = new Map(state.held)
  }

  get state(): ServerState {
    return this.#state
  }

  /** Handshake done and the socket open. */
  get open(): boolean {
    return this.#state.phase.name === 'ready' || this.#state.phase.name === 'draining'
  }

  change(part: Partial<Omit<ServerState, 'offers' | 'held'>>): void {
    this.#state = { ...this.#state, ...part }
  }

  effect(effect: ServerEffect): void {
    this.effects.push(effect)
  }

  send(message: ServerMessage): void {
    this.effect({ type: 'send', message })
  }

  log(level: 'info' | 'warn' | 'error', message: string, fields: Record<string, string | number> = {}): void {
    const { connectionId, hello } = this.#state
    const delegateId = hello?.delegateId ?? ''
    this.effect({ type: 'log', level, message, fields: { connectionId, delegateId, ...fields } })
  }

  endOffer(taskId: string, outcome: Extract<ServerEffect, { type: 'offerEnded' }>['outcome'], reason: string): void {
    const offer = this.offers.get(taskId)
    if (offer === undefined) return
    this.offers.delete(taskId)
    this.effect({ type: 'offerEnded', taskId, offerId: offer.offerId, outcome, reason })
  }

  /** Closes from this side. */
  close(code: CloseCodeName, reason: string): void {
    this.effect({ type: 'close', code: CLOSE_CODES[code].code, reason: closeReason(reason) })
    this.disconnected(reason)
  }

  /** The socket is gone. Offers end; a grant that is being decided is settled when its answer comes. */
  disconnected(reason: string): void {
    const wasOpen = this.open
    this.change({ phase: { name: 'closed' } })
    for (const [taskId, offer] of this.offers) {
      if (offer.state === 'offered') this.endOffer(taskId, 'disconnected', reason)
    }
    const heldTaskIds = [...this.held.keys()]
    this.log('info', wasOpen ? 'delegate disconnected' : 'connection ended before its handshake', { reason })
    this.effect({ type: 'disconnected', reason, heldTaskIds })
  }

  done(): ServerStep {
    return { state: { ...this.#state, offers: this.offers, held: this.held }, effects: this.effects }
  }
}
