import { unwatchFile, watchFile } from 'node:fs'

/** How often certificate files are looked at: a renewal is hours ahead of expiry. */
const RELOAD_INTERVAL_MS = 30_000

export interface WatchOptions {
  intervalMs?: number
  /** Told of a change that could not be taken over. Default: a warning of the process. */
  onError?: (error: Error) => void
}

/** What files hold together, kept current. */
export interface WatchedFiles<Content> {
  current: () => Content
  /** Calls back after a change was taken over. */
  onChange: (listener: () => void) => void
  close: () => void
}

/**
 * Reads files, and reads them again when one of them changes. Where `read` throws, as it must while files that belong
 * together are replaced one after the other, the old content stays until the next change.
 */
export function watchFiles<Content>(
  files: readonly string[],
  read: () => Content,
  options: WatchOptions = {},
): WatchedFiles<Content> {
  let current = read()
  const listeners: (() => void)[] = []
  const report = (error: unknown): void => {
    const reason = error instanceof Error ? error : new Error(String(error))
    if (options.onError === undefined) process.emitWarning(reason)
    else options.onError(reason)
  }
  const reload = (): void => {
    try {
      current = read()
    } catch (error) {
      return report(new Error(`A change of ${files.join(', ')} can't be taken over yet.`, { cause: error }))
    }
    for (const listener of listeners) {
      try {
        listener()
      } catch (error) {
        report(error)
      }
    }
  }
  for (const file of files) {
    watchFile(file, { interval: options.intervalMs ?? RELOAD_INTERVAL_MS, persistent: false }, reload)
  }
  return {
    current: () => current,
    onChange: (listener) => void listeners.push(listener),
    close: () => {
      for (const file of files) unwatchFile(file, reload)
    },
  }
}
