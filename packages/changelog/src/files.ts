/**
 * The sources a changelog is read from, e.g. a checked-out commit. Read-only; paths are separated by `/` and relative to
 * the root of the sources, and never leave it (the reader normalises them and refuses `..` beyond the root).
 */
export interface Files {
  /** @returns the file's bytes, or undefined when there is no such file. */
  read(path: string, signal?: AbortSignal): Promise<Uint8Array | undefined>
  /** @returns every file below the folder, at any depth, as full paths from the root, in any order; undefined when there is no such folder. */
  list(dir: string, signal?: AbortSignal): Promise<readonly string[] | undefined>
}
