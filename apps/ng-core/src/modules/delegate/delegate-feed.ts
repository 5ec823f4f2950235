import { setTimeout as delay } from 'node:timers/promises'
import { PresenceNotice } from '@sluice/contracts/delegates'
import { channelName, createRedis } from '@sluice/database'

/** A reader gets its first answer after this even if Redis does not answer. */
const SUBSCRIBE_TIMEOUT_MS = 2_000

/** What made a reader look: a delegate's row changed, or something about who may look. */
export type DelegateNews = { type: 'delegate'; delegateId: string } | { type: 'access' }

/** One subscriber connection per process, shared by every reader of delegates. */
export class DelegateFeed {
  readonly #redisUrl: string
  readonly #onError: (error: Error) => void
  readonly #listeners = new Map<string, Set<(news: DelegateNews) => void>>()
  #subscriber: ReturnType<typeof createRedis> | undefined

  constructor(options: { redisUrl: string; onError: (error: Error) => void }) {
    this.#redisUrl = options.redisUrl
    this.#onError = options.onError
  }

  start(): void {
    const subscriber = createRedis({ url: this.#redisUrl, role: 'subscriber', onError: this.#onError })
    subscriber.on('message', (channel: string, text: string) => {
      const accountId = channel.slice(channel.lastIndexOf(':') + 1)
      const news = channel === channelName('delegate.presence', accountId) ? newsIn(text) : { type: 'access' as const }
      if (news === undefined) return
      for (const listener of this.#listeners.get(accountId) ?? []) listener(news)
    })
    this.#subscriber = subscriber
  }

  /**
   * Calls back with what happens in an account, until the returned function is called. Resolves when nothing from now
   * on is missed; where Redis is away it resolves all the same, and the reader looks again at its next ping.
   */
  async listen(accountId: string, listener: (news: DelegateNews) => void): Promise<() => void> {
    const channels = [channelName('delegate.presence', accountId), channelName('ng.revocation', accountId)]
    const known = this.#listeners.get(accountId) ?? new Set()
    this.#listeners.set(accountId, known.add(listener))
    // Also where others listen: their subscription may still be on its way.
    const subscribed = this.#subscriber?.subscribe(...channels).catch(this.#onError)
    const waited = new AbortController()
    await Promise.race([
      subscribed,
      delay(SUBSCRIBE_TIMEOUT_MS, undefined, { signal: waited.signal }).catch(() => undefined),
    ])
    waited.abort()
    return () => {
      const listeners = this.#listeners.get(accountId)
      listeners?.delete(listener)
      if (listeners?.size !== 0) return
      this.#listeners.delete(accountId)
      this.#subscriber?.unsubscribe(...channels).catch(this.#onError)
    }
  }

  stop(): void {
    this.#subscriber?.disconnect()
  }
}

function newsIn(text: string): DelegateNews | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // Not ours.
    return undefined
  }
  const notice = PresenceNotice.safeParse(json)
  return notice.success ? { type: 'delegate', delegateId: notice.data.delegateId } : undefined
}
