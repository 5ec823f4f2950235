import { setTimeout as delay } from 'node:timers/promises'
import { channelName, createRedis } from '@sluice/database'
import type { Redis } from 'ioredis'

/** A comment this often keeps proxies from closing a quiet stream, and looks again in case a publication was lost. */
export const PING_EVERY_MS = 15_000
/** Longest life of a stream: who reads on asks again, and is judged again. */
export const READER_MAX_MS = 3_600_000
/** A reader gets its snapshot after this even if Redis does not answer. */
const SUBSCRIBE_TIMEOUT_MS = 2_000

/** What was published; undefined: the connection was away, and something may have been missed. */
type FeedListener = (message: string | undefined) => void

/** One subscriber connection per process, shared by every reader. */
export class ExecutionFeed {
  readonly #redisUrl: string
  readonly #onError: (error: Error) => void
  readonly #listeners = new Map<string, Set<FeedListener>>()
  #subscriber: Redis | undefined

  constructor(options: { redisUrl: string; onError: (error: Error) => void }) {
    this.#redisUrl = options.redisUrl
    this.#onError = options.onError
  }

  start(): void {
    const subscriber = createRedis({ url: this.#redisUrl, role: 'subscriber', onError: this.#onError })
    subscriber.on('message', (channel: string, message: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(message)
    })
    subscriber.on('ready', () => {
      for (const listeners of this.#listeners.values()) for (const listener of listeners) listener(undefined)
    })
    this.#subscriber = subscriber
  }

  /**
   * Calls back at each publication until the returned function is called. Resolves when none from now on is missed; where
   * Redis is away it resolves all the same, and the listener hears when it is back.
   */
  async listen(
    name: 'pipeline.execution' | 'pipeline.project',
    suffix: string,
    listener: FeedListener,
  ): Promise<() => void> {
    const channel = channelName(name, suffix)
    const known = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, known.add(listener))
    // Also where others listen: their subscription may still be on its way.
    const subscribed = this.#subscriber?.subscribe(channel).catch(this.#onError)
    const waited = new AbortController()
    await Promise.race([
      subscribed,
      delay(SUBSCRIBE_TIMEOUT_MS, undefined, { signal: waited.signal }).catch(() => undefined),
    ])
    waited.abort()
    return () => {
      const listeners = this.#listeners.get(channel)
      listeners?.delete(listener)
      if (listeners?.size !== 0) return
      this.#listeners.delete(channel)
      this.#subscriber?.unsubscribe(channel).catch(this.#onError)
    }
  }

  stop(): void {
    this.#subscriber?.disconnect()
  }
}
