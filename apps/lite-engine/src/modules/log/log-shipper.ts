import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import type { LogClient } from './log-client.ts'
import { LogServiceError } from './log-service-error.ts'
import { LogSpool, type SpoolLine } from './log-spool.ts'

/** A reader should see a line within this time, and the service should not get more than ten batches a second. */
const BATCH_INTERVAL_MS = 100
const BATCH_BYTES = 512 * 1024
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 10_000
/** The service says "never" this often in a row before it is believed: a replica may be old or its clock behind. */
const REFUSALS = 4

export type ShippingState =
  | { state: 'flowing'; ackedSeq: number; lastSeq: number }
  | { state: 'retrying'; ackedSeq: number; lastSeq: number; message: string }
  | { state: 'stored'; ackedSeq: number; lastSeq: number }
  | { state: 'gaveUp'; ackedSeq: number; lastSeq: number; message: string }

export interface LogShipperOptions {
  key: string
  token: string
  /** Spool file; made here, removed when the log is stored. */
  file: string
  client: LogClient
  onState: (state: ShippingState) => void
}

/**
 * Ships one log in order: spool → batches → acknowledgement by number → the next batch. A lost connection resumes from
 * the last acknowledged line; nothing is dropped. It tries for as long as it is let live, unless the service refuses for
 * good (the token ended, the log was closed), and never fails a step.
 */
export class LogShipper {
  readonly #options: LogShipperOptions
  readonly #spool: LogSpool
  readonly #stopped = new AbortController()
  readonly #done: Promise<void>
  #wake = Promise.withResolvers<void>()
  #isEnding = false
  #ackedSeq = 0
  #ackedBytes = 0
  #state: ShippingState['state'] | undefined

  private constructor(options: LogShipperOptions, openSpool: (onWritten: () => void) => LogSpool) {
    this.#options = options
    this.#spool = openSpool(() => this.#notify())
    this.#done = this.#run()
  }

  static async open(options: LogShipperOptions): Promise<LogShipper> {
    let onWritten = (): void => {}
    const spool = await LogSpool.open(options.file, () => onWritten())
    return new LogShipper(options, (notify) => {
      onWritten = notify
      return spool
    })
  }

  get unshippedLines(): number {
    return this.#state === 'stored' ? 0 : this.#spool.lastSeq - this.#ackedSeq
  }

  append(line: SpoolLine): void {
    this.#spool.append(line)
  }

  /** No more lines come. Resolves when the log is stored, or when the shipper was stopped. */
  end(): Promise<void> {
    this.#isEnding = true
    this.#notify()
    return this.#done
  }

  /** Gives up what isn't shipped. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#notify()
    await this.#done
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    try {
      while (!signal.aborted) {
        if (this.#ackedBytes < this.#spool.writtenBytes) await this.#shipBatch(signal)
        else if (this.#isEnding && this.#ackedSeq === this.#spool.lastSeq) break
        else await this.#wake.promise
      }
      if (!signal.aborted) await this.#store(signal)
    } catch (error) {
      // What the network does is retried; this is a refusal for good, the pod's own disk, or the order to stop. Never a
      // reason to fail a step.
      this.#report('gaveUp', error instanceof Error ? error.message : String(error))
    } finally {
      await this.#spool.close()
    }
  }

  async #shipBatch(signal: AbortSignal): Promise<void> {
    const startedAt = performance.now()
    const batch = await this.#spool.read(this.#ackedBytes, BATCH_BYTES)
    const isFull = this.#ackedBytes + batch.length < this.#spool.writtenBytes
    const { key, token, client } = this.#options
    const ackedSeq = await this.#retry(signal, async () => {
      try {
        return await client.append(key, token, batch, signal)
      } catch (error) {
        // The service lost or never had what comes before this batch: it says from where to go on.
        if (error instanceof LogServiceError && error.ackedSeq !== undefined) return error.ackedSeq
        throw error
      }
    })
    await this.#acknowledge(ackedSeq, batch)
    this.#report('flowing', '')
    const waitMs = BATCH_INTERVAL_MS - (performance.now() - startedAt)
    if (!isFull && !this.#isEnding && waitMs > 0) await this.#pause(waitMs, signal)
  }

  async #acknowledge(seq: number, batch: Buffer): Promise<void> {
    const lines = countLines(batch)
    if (seq === this.#ackedSeq + lines) {
      this.#ackedBytes += batch.length
      this.#ackedSeq = seq
      return
    }
    if (seq === this.#ackedSeq) {
      // Refused without progress: not in a tight loop.
      await delay(BATCH_INTERVAL_MS, undefined, { signal: this.#stopped.signal })
      return
    }
    this.#ackedSeq = Math.min(seq, this.#spool.lastSeq)
    this.#ackedBytes = await this.#findOffset(this.#ackedSeq)
  }

  /** Offset after the line with this number. Rare: only after the service went back. */
  async #findOffset(seq: number): Promise<number> {
    let offset = 0
    let count = 0
    while (count < seq && offset < this.#spool.writtenBytes) {
      const part = await this.#spool.read(offset, BATCH_BYTES)
      if (count + countLines(part) <= seq) {
        count += countLines(part)
        offset += part.length
        continue
      }
      let end = 0
      while (count < seq) {
        end = part.indexOf(0x0a, end) + 1
        count += 1
      }
      offset += end
    }
    return offset
  }

  async #store(signal: AbortSignal): Promise<void> {
    const { key, token, client, file } = this.#options
    await this.#spool.flush()
    await this.#retry(signal, () => client.close(key, token, this.#spool.lastSeq, signal))
    // An empty log has nothing to upload: its end is all there is.
    if (this.#spool.lastSeq === 0) return this.#finish([file])
    const packed = `${file}.gz`
    await this.#retry(signal, () =>
      pipeline(createReadStream(file), createGzip(), createWriteStream(packed, { mode: 0o600 }), { signal }),
    )
    await this.#retry(signal, () => client.upload(key, token, packed, signal))
    await this.#finish([packed, file])
  }

  async #finish(files: readonly string[]): Promise<void> {
    this.#report('stored', '')
    await Promise.all(files.map((name) => rm(name, { force: true })))
  }

  async #retry<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value> {
    let refusals = 0
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      try {
        return await work()
      } catch (error) {
        signal.throwIfAborted()
        refusals = error instanceof LogServiceError && error.isFinal ? refusals + 1 : 0
        if (refusals === REFUSALS) throw error
        this.#report('retrying', error instanceof Error ? error.message : String(error))
        await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal })
      }
    }
  }

  #report(state: ShippingState['state'], message: string): void {
    if (this.#state === state) return
    this.#state = state
    const progress = { ackedSeq: this.#ackedSeq, lastSeq: this.#spool.lastSeq }
    if (state === 'retrying' || state === 'gaveUp') this.#options.onState({ state, ...progress, message })
    else this.#options.onState({ state, ...progress })
  }

  /** Waits, but not longer than until the log ends. */
  async #pause(waitMs: number, signal: AbortSignal): Promise<void> {
    const until = performance.now() + waitMs
    while (!this.#isEnding && !signal.aborted) {
      const restMs = until - performance.now()
      if (restMs <= 0) return
      const timer = new AbortController()
      await Promise.race([
        delay(restMs, undefined, { signal: timer.signal }).catch(() => undefined),
        this.#wake.promise,
      ])
      timer.abort()
    }
  }

  #notify(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }
}

function countLines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) count += 1
  return count
}
