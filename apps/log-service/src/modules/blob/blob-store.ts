import type { Readable } from 'node:stream'

/**
 * Where finished logs lie. A blob is written once, whole or not at all, and read in ranges; names are
 * `<folder>/<file>` of letters, digits, `.`, `_` and `-`. Calls of one name do not overlap.
 */
export interface BlobStore {
  /**
   * Makes a blob of what `source` yields. When it resolves the blob outlives a crash; when it throws there is none.
   * @throws whatever `source` throws
   */
  write(name: string, source: AsyncIterable<Buffer>): Promise<void>
  /** `length` bytes from `start` on. @throws Error where the blob is shorter or not there */
  read(name: string, start: number, length: number): Promise<Buffer>
  /** The whole blob. */
  stream(name: string): Readable
  /** Removes a blob; fine where there is none. */
  remove(name: string): Promise<void>
  /** Removes what interrupted writes left behind more than `ageMs` ago. */
  sweep(ageMs: number): Promise<void>
  /** @throws Error where blobs can't be written now */
  check(): Promise<void>
}
