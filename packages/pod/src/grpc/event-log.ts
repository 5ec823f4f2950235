import type { ServerWritableStream } from '@grpc/grpc-js'

interface Entry<Event> {
  seq: number
  event: Event
}

/**
 * The events of one attempt, numbered from 1, kept so that a second reader can attach and replay.
 * Any number of readers; each sees every event once, in order, then the end.
 */
export class EventLog<Event> {
  /** A hole is an event that was let go. */
  readonly #entries: (Entry<Event> | undefined)[] = []
  readonly #isReadOnce: (event: Event) => boolean
  #isEnded = false
  #wake: PromiseWithResolvers<void> = Promise.withResolvers()

  /** @param isReadOnce events that are let go when a reader had them: a reader that attaches later doesn't get them. */
  constructor(isReadOnce: (event: Event) => boolean = () => false) {
    this.#isReadOnce = isReadOnce
  }

  get lastSeq(): number {
    return this.#entries.length
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  append(event: Event): void {
    if (this.#isEnded) return
    this.#entries.push({ seq: this.#entries.length + 1, event })
    this.#notify()
  }

  /** Appends the last event; later ones are ignored. */
  end(event: Event): void {
    if (this.#isEnded) return
    this.append(event)
    this.#isEnded = true
    this.#notify()
  }

  /** Yields the events after `afterSeq`, waits for new ones, returns after the last one or on abort. */
  async *read(afterSeq: number, signal?: AbortSignal): AsyncGenerator<Entry<Event>, void, void> {
    let next = afterSeq
    const aborted = Promise.withResolvers<void>()
    const onAbort = (): void => aborted.resolve()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      // oxlint-disable-next-line no-unmodified-loop-condition -- a signal changes from outside
      while (!signal?.aborted) {
        if (next < this.#entries.length) {
          const entry = this.#entries[next]
          if (entry !== undefined) yield entry
          if (entry !== undefined && this.#isReadOnce(entry.event)) this.#entries[next] = undefined
          next += 1
          continue
        }
        if (this.#isEnded) return
        await Promise.race([this.#wake.promise, aborted.promise])
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #notify(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }
}

/** Writes the log's events to a gRPC stream with back-pressure until it ends or the client leaves. */
export async function streamEvents<Event, Message>(
  call: ServerWritableStream<unknown, Message>,
  log: EventLog<Event>,
  afterSeq: number,
  toMessage: (entry: { seq: number; event: Event }) => Message,
): Promise<void> {
  const left = new AbortController()
  call.on('cancelled', () => left.abort())
  call.on('error', () => left.abort())
  for await (const entry of log.read(afterSeq, left.signal)) {
    if (call.write(toMessage(entry))) continue
    const drained = Promise.withResolvers<void>()
    call.once('drain', drained.resolve)
    left.signal.addEventListener('abort', () => drained.resolve(), { once: true })
    await drained.promise
  }
  if (!left.signal.aborted) call.end()
}
