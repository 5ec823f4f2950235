import type { FastifyReply, FastifyRequest } from 'fastify'

/** Judged at their beginning only, so a revocation has to end them. */
const STREAM_TYPE = /^text\/event-stream\b/i

/**
 * Event streams that are being handed on, by account. A revocation ends all of its account: it doesn't say whose they
 * are, and a reader that is still allowed to opens its stream again by itself.
 */
export class OpenStreams {
  readonly #byAccount = new Map<string, Set<FastifyReply['raw']>>()
  readonly #judged = new WeakMap<FastifyRequest, { accountId: string; revocationsBefore: number }>()
  #revocations = 0

  /** To be taken before the credential is judged, for {@link judged}. */
  get revocations(): number {
    return this.#revocations
  }

  /** Remembers for whom a request was let through. */
  judged(request: FastifyRequest, accountId: string, revocationsBefore: number): void {
    this.#judged.set(request, { accountId, revocationsBefore })
  }

  /** Follows an answer that begins until it is over, if it is an event stream. One that crossed a revocation is ended. */
  follow(request: FastifyRequest, reply: FastifyReply): void {
    const { raw } = reply
    const judged = this.#judged.get(request)
    if (judged === undefined || raw.destroyed) return
    if (!STREAM_TYPE.test(String(reply.getHeader('content-type') ?? ''))) return
    const { accountId, revocationsBefore } = judged
    if (revocationsBefore !== this.#revocations) {
      raw.destroy()
      return
    }
    const streams = this.#byAccount.get(accountId) ?? new Set()
    this.#byAccount.set(accountId, streams.add(raw))
    raw.once('close', () => {
      streams.delete(raw)
      if (streams.size === 0 && this.#byAccount.get(accountId) === streams) this.#byAccount.delete(accountId)
    })
  }

  /** Ends the streams of an account; of all where none is named, because revocations may have been missed. */
  end(accountId?: string): void {
    this.#revocations += 1
    for (const [account, streams] of this.#byAccount) {
      if (accountId === undefined || accountId === account) for (const raw of streams) raw.destroy()
    }
  }
}
