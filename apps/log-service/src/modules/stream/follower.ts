/** A message about a log that is stored already. */
export type LiveBatch =
  | {
      kind: 'lines'
      firstSeq: number
      lastSeq: number
      /** Bytes that it holds in memory. */
      size: number
      /** Absent: too large to be sent along; read the store. */
      lines?: () => Promise<string[]>
    }
  | { kind: 'end'; lastSeq: number }

/** What a reader is woken with: a message, the advice to read the store, or nothing within the time. */
export type Wake = LiveBatch | { kind: 'reread' } | { kind: 'silence' }

/** Bytes that wait for one reader; a slower reader reads the store instead of filling our memory. */
const QUEUE_MAX_BYTES = 1_048_576
const QUEUE_MAX_MESSAGES = 1_000

/** One reader's queue of live messages, bounded. */
export class Follower {
  readonly #leave: () => void
  #queue: LiveBatch[] = []
  #queuedBytes = 0
  #reread = false
  #wake: (() => void) | undefined

  constructor(leave: () => void) {
    this.#leave = leave
  }

  push(batch: LiveBatch): void {
    this.#queuedBytes += batch.kind === 'lines' ? batch.size : 0
    this.#queue.push(batch)
    if (this.#queuedBytes > QUEUE_MAX_BYTES || this.#queue.length > QUEUE_MAX_MESSAGES) return this.reread()
    this.#wake?.()
  }

  /** Drops what waits: the store has it. */
  reread(): void {
    this.#queue = []
    this.#queuedBytes = 0
    this.#reread = true
    this.#wake?.()
  }

  /** The next message; `silence` after `timeoutMs`. One caller at a time. Rejects when `signal` aborts. */
  async next(timeoutMs: number, signal: AbortSignal): Promise<Wake> {
    if (!this.#reread && this.#queue.length === 0) await this.#sleep(timeoutMs, signal)
    signal.throwIfAborted()
    if (this.#reread) {
      this.#reread = false
      return { kind: 'reread' }
    }
    const batch = this.#queue.shift()
    if (batch === undefined) return { kind: 'silence' }
    this.#queuedBytes -= batch.kind === 'lines' ? batch.size : 0
    return batch
  }

  /** Stops listening. */
  close(): void {
    this.#queue = []
    this.#leave()
  }

  #sleep(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(end, timeoutMs)
      signal.addEventListener('abort', end, { once: true })
      this.#wake = end
      if (signal.aborted) end()
    })
  }
}
