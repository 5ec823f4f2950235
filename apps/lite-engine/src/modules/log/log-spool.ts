import { open, type FileHandle } from 'node:fs/promises'

/** Lines that wait for the disk may take this much memory; what comes after is counted and named in a gap line. */
const PENDING_LIMIT_BYTES = 16 * 1024 * 1024
const RETRY_DISK_MS = 1_000

export interface SpoolLine {
  time: number
  level: 'debug' | 'info' | 'warn' | 'error'
  text: string
  unit?: string
}

/**
 * The lines of one log on disk as NDJSON, numbered from 1 without a gap. Appending never waits and never throws: where
 * the disk is full, lines wait in memory, and past a limit they are left out and an explicit line says how many.
 */
export class LogSpool {
  readonly #handle: FileHandle
  readonly #onWritten: () => void
  #pending: string[] = []
  #pendingBytes = 0
  #writing: Promise<void> | undefined
  #leftOut = 0
  #lastSeq = 0
  #writtenBytes = 0
  #isClosed = false

  private constructor(handle: FileHandle, onWritten: () => void) {
    this.#handle = handle
    this.#onWritten = onWritten
  }

  /** Makes the spool file, 0600. `onWritten` is called when more bytes can be read. */
  static async open(file: string, onWritten: () => void): Promise<LogSpool> {
    return new LogSpool(await open(file, 'wx+', 0o600), onWritten)
  }

  /** Number of the last line appended. */
  get lastSeq(): number {
    return this.#lastSeq
  }

  /** Bytes that can be read. */
  get writtenBytes(): number {
    return this.#writtenBytes
  }

  append(line: SpoolLine): void {
    if (this.#isClosed) return
    if (this.#pendingBytes > PENDING_LIMIT_BYTES) {
      this.#leftOut += 1
      return
    }
    this.#push(line)
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  /** Resolves when everything appended so far is on disk. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /** Reads whole lines from `offset`, at most about `maxBytes` (one longer line is read whole). */
  async read(offset: number, maxBytes: number): Promise<Buffer> {
    const available = this.#writtenBytes - offset
    for (let length = Math.min(maxBytes, available); ; length = Math.min(length * 2, available)) {
      const buffer = Buffer.allocUnsafe(length)
      const { bytesRead } = await this.#handle.read(buffer, 0, length, offset)
      const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1
      if (end > 0 || length === available) return buffer.subarray(0, end)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.flush()
    await this.#handle.close()
  }

  #push(line: SpoolLine): void {
    this.#lastSeq += 1
    const text = `${JSON.stringify({ seq: this.#lastSeq, ...line })}\n`
    this.#pending.push(text)
    this.#pendingBytes += text.length
  }

  async #write(): Promise<void> {
    // One turn later, so that lines of one batch become one write.
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const bytes = Buffer.from(this.#pending.join(''))
      const count = this.#pending.length
      const characters = this.#pendingBytes
      try {
        await this.#handle.write(bytes, 0, bytes.length, this.#writtenBytes)
      } catch {
        // A full disk may get room again; the position is explicit, so a partial write is simply written over.
        if (this.#isClosed) return
        await new Promise((resolve) => setTimeout(resolve, RETRY_DISK_MS))
        continue
      }
      this.#writtenBytes += bytes.length
      this.#pending.splice(0, count)
      this.#pendingBytes -= characters
      if (this.#leftOut > 0) this.#nameGap()
      this.#onWritten()
    }
  }

  #nameGap(): void {
    const text = `${this.#leftOut} lines are missing here: the pod's disk took no more.`
    this.#leftOut = 0
    this.#push({ time: Date.now(), level: 'warn', text })
  }
}
