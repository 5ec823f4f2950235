import { setTimeout as delay } from 'node:timers/promises'
import { channelName } from '@sluice/database'
import type { Redis } from 'ioredis'
import type { Counter } from 'prom-client'
import { unpackLines, type Batch } from './batch.ts'
import { Follower, type LiveBatch } from './follower.ts'

/** Hands what is stored to the replicas that have readers. Never fails and never waits: readers find the rest in the store. */
export interface LinePublisher {
  publish(key: string, batch: Batch): void
  publishEnd(key: string, lastSeq: number): void
}

/** A larger batch is only announced; readers fetch it from the store. Redis is no place for bulk. */
const INLINE_MAX_BYTES = 262_144
const HEADER_MAX_BYTES = 64
const CHANNEL = 'log.lines'
/** A reader gets its backlog after this even if Redis does not answer. */
const SUBSCRIBE_TIMEOUT_MS = 2_000

/**
 * Publishes batches as `lines <first> <last>\n<gzip>` and ends as `end <last>\n`.
 * @param failures counts messages that Redis did not take
 */
export function createLinePublisher(redis: Redis, failures: Counter): LinePublisher {
  const send = (key: string, header: string, body: Buffer): void => {
    // Without a connection commands would pile up in memory.
    if (redis.status !== 'ready') return failures.inc()
    const message = Buffer.concat([Buffer.from(`${header}\n`), body])
    redis.publish(channelName(CHANNEL, key), message).catch(() => failures.inc())
  }
  return {
    publish: (key, batch) => {
      const body = batch.gzip.length <= INLINE_MAX_BYTES ? batch.gzip : Buffer.alloc(0)
      send(key, `lines ${batch.firstSeq} ${batch.lastSeq}`, body)
    },
    publishEnd: (key, lastSeq) => send(key, `end ${lastSeq}`, Buffer.alloc(0)),
  }
}

/**
 * The replica's one subscriber: hears of the logs that have readers here and passes each message to all of them.
 * A follower that can't keep up, or that may have missed something, is told to read the store again.
 */
export class LineChannel {
  readonly #redis: Redis
  readonly #onError: (error: unknown) => void
  readonly #followers = new Map<string, Set<Follower>>()

  /** @param redis a connection of its own, in the role `subscriber`; the caller quits it */
  constructor(redis: Redis, onError: (error: unknown) => void) {
    this.#redis = redis
    this.#onError = onError
    redis.on('messageBuffer', (channel: Buffer, message: Buffer) => this.#dispatch(channel.toString(), message))
    redis.on('ready', () => void this.#resume().catch(onError))
  }

  /**
   * Begins to listen; resolves when nothing that is published from now on is missed. Close the follower afterwards.
   * Where Redis is away it resolves all the same: the follower is told to read the store when Redis is back.
   */
  async follow(key: string): Promise<Follower> {
    const channel = channelName(CHANNEL, key)
    const follower = new Follower(() => this.#leave(channel, follower))
    const others = this.#followers.get(channel) ?? new Set()
    this.#followers.set(channel, others.add(follower))
    // Also where others follow: their subscription may still be on its way.
    const subscribed = this.#redis.subscribe(channel).catch(this.#onError)
    const waited = new AbortController()
    await Promise.race([
      subscribed,
      delay(SUBSCRIBE_TIMEOUT_MS, undefined, { ref: false, signal: waited.signal }).catch(() => undefined),
    ])
    waited.abort()
    return follower
  }

  /** Number of channels listened to. */
  get size(): number {
    return this.#followers.size
  }

  #leave(channel: string, follower: Follower): void {
    const others = this.#followers.get(channel)
    if (others?.delete(follower) !== true || others.size > 0) return
    this.#followers.delete(channel)
    this.#redis.unsubscribe(channel).catch(this.#onError)
  }

  #dispatch(channel: string, message: Buffer): void {
    const followers = this.#followers.get(channel)
    if (followers === undefined) return
    const batch = readMessage(message)
    if (batch === undefined) return this.#onError(new Error(`a message on "${channel}" has no meaning here`))
    for (const follower of followers) follower.push(batch)
  }

  /** After a reconnect: what was published in between is gone, and the store has it. */
  async #resume(): Promise<void> {
    const channels = [...this.#followers.keys()]
    if (channels.length === 0) return
    await this.#redis.subscribe(...channels)
    for (const followers of this.#followers.values()) {
      for (const follower of followers) follower.reread()
    }
  }
}

function readMessage(message: Buffer): LiveBatch | undefined {
  const end = message.subarray(0, HEADER_MAX_BYTES).indexOf(10)
  const [kind, first, last] = message.subarray(0, Math.max(end, 0)).toString().split(' ')
  if (kind === 'end') return { kind: 'end', lastSeq: Number(first) }
  if (kind !== 'lines') return undefined
  const body = message.subarray(end + 1)
  // Unpacked once, by the first reader that gets to it, for all readers of this replica.
  let unpacked: Promise<string[]> | undefined
  return {
    kind: 'lines',
    firstSeq: Number(first),
    lastSeq: Number(last),
    size: body.length,
    lines: body.length === 0 ? undefined : () => (unpacked ??= unpackLines(body)),
  }
}
