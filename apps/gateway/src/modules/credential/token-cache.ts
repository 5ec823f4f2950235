import { createHash } from 'node:crypto'
import type { Credential } from '@sluice/contracts/auth'

/** What ng-core answers to a credential. */
export interface InternalToken {
  token: string
  /** Epoch ms. */
  expiresAt: number
  accountId: string
  credentialId: string
  setCookie?: string
}

export type ExchangeCredential = (credential: Credential) => Promise<InternalToken>

/** A token is used this long, so that at least as much of its minute is left for the services behind. */
export const CACHE_MS = 30_000
/** Entries; one is about 2 KiB. */
const ENTRIES_MAX = 5_000

interface Entry {
  accountId: string
  token: InternalToken
  usableUntil: number
}

/**
 * Internal tokens by credential. Requests at the same time share one exchange. A revocation drops what is cached of its
 * account, and what is being asked for at that moment is not cached: the answer may be older than the revocation.
 */
export class TokenCache {
  readonly #exchange: ExchangeCredential
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #underWay = new Map<string, Promise<InternalToken>>()
  #revocations = 0

  constructor(exchange: ExchangeCredential, now: () => number = Date.now) {
    this.#exchange = exchange
    this.#now = now
  }

  /** @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, SERVICE_UNAVAILABLE */
  async tokenFor(credential: Credential): Promise<InternalToken> {
    const key = createHash('sha256').update(`${credential.type}:${credential.value}`).digest('base64')
    const known = this.#entries.get(key)
    if (known !== undefined && known.usableUntil > this.#now()) return known.token
    const asked = this.#underWay.get(key)
    if (asked !== undefined) return asked
    const answer = this.#ask(key, credential).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, answer)
    return answer
  }

  /** Drops what is cached of an account. */
  revoke(accountId: string): void {
    this.#revocations += 1
    for (const [key, entry] of this.#entries) if (entry.accountId === accountId) this.#entries.delete(key)
  }

  /** Drops everything: revocations may have been missed. */
  clear(): void {
    this.#revocations += 1
    this.#entries.clear()
  }

  snapshot(): { entries: number; underWay: number } {
    return { entries: this.#entries.size, underWay: this.#underWay.size }
  }

  async #ask(key: string, credential: Credential): Promise<InternalToken> {
    const revocationsBefore = this.#revocations
    const answer = await this.#exchange(credential)
    if (revocationsBefore !== this.#revocations) return answer
    if (this.#entries.size >= ENTRIES_MAX) this.#entries.clear()
    // The new cookie goes out with the requests that asked, not with every later one.
    const { setCookie: _cookie, ...token } = answer
    const usableUntil = Math.min(this.#now() + CACHE_MS, answer.expiresAt)
    this.#entries.set(key, { accountId: answer.accountId, token, usableUntil })
    return answer
  }
}
