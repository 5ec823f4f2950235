import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

const RECONNECT_MS = 500

export interface RowSignalOptions {
  /** URL of the service's own role. */
  url: string
  /** Postgres channel on which changed rows are announced, as `<account>/<id>`: an identifier, never input. */
  channel: string
  /** Names the connection on the server. */
  applicationName: string
  onError: (error: Error) => void
}

type WakeReason = 'announced' | 'listening' | 'timeout' | 'aborted' | 'stopped'

/**
 * Wakes requests that wait for a row to change, whichever replica changed it, through LISTEN/NOTIFY on one dedicated
 * connection. After a lost connection everybody is woken once to look for themselves: announcements in
 * between are gone.
 */
export class RowSignal {
  readonly #options: RowSignalOptions
  readonly #waiting = new Map<string, Set<(reason: WakeReason) => void>>()
  #client: pg.Client | undefined
  #stopped = false

  constructor(options: RowSignalOptions) {
    this.#options = options
  }

  /** Listens from now on. @throws Error where the database is away at first */
  async start(): Promise<void> {
    await this.#connect()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#wakeAll('stopped')
    await this.#client?.end()
  }

  snapshot(): { waiting: number; listening: boolean } {
    return { waiting: this.#waiting.size, listening: this.#client !== undefined }
  }

  /** Registers before the caller looks at the row, so that nothing falls in between. `done` must be called. */
  subscribe(
    accountId: string,
    id: string,
  ): {
    next(timeoutMs: number, signal: AbortSignal): Promise<WakeReason>
    done(): void
  } {
    const key = `${accountId}/${id}`
    let pending: WakeReason | undefined
    let resolveNext: ((reason: WakeReason) => void) | undefined
    const wake = (reason: WakeReason): void => {
      if (resolveNext === undefined) pending = reason
      else resolveNext(reason)
    }
    const listeners = this.#waiting.get(key) ?? new Set()
    listeners.add(wake)
    this.#waiting.set(key, listeners)
    return {
      next: (timeoutMs, signal) =>
        new Promise((resolve) => {
          if (pending !== undefined) {
            resolve(pending)
            pending = undefined
            return
          }
          const finish = (reason: WakeReason): void => {
            clearTimeout(timer)
            signal.removeEventListener('abort', onAbort)
            resolveNext = undefined
            resolve(reason)
          }
          const onAbort = (): void => finish('aborted')
          const timer = setTimeout(() => finish('timeout'), timeoutMs)
          resolveNext = finish
          if (signal.aborted) onAbort()
          else signal.addEventListener('abort', onAbort)
        }),
      done: () => {
        listeners.delete(wake)
        if (listeners.size === 0) this.#waiting.delete(key)
      },
    }
  }

  #wakeAll(reason: WakeReason): void {
    for (const listeners of this.#waiting.values()) for (const wake of listeners) wake(reason)
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.url,
      application_name: this.#options.applicationName,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    })
    client.on('notification', ({ payload }) => {
      for (const wake of this.#waiting.get(payload ?? '') ?? []) wake('announced')
    })
    client.on('error', (cause) => this.#options.onError(new Error('The LISTEN connection failed.', { cause })))
    client.on('end', () => {
      if (this.#client !== client) return
      this.#client = undefined
      if (!this.#stopped) this.#reconnect().catch(this.#options.onError)
    })
    await client.connect()
    await client.query(`listen ${this.#options.channel}`)
    this.#client = client
    this.#wakeAll('listening')
  }

  async #reconnect(): Promise<void> {
    while (!this.#stopped) {
      try {
        // Each attempt waits for the one before.
        // oxlint-disable-next-line no-await-in-loop
        await this.#connect()
        return
      } catch (cause) {
        this.#options.onError(new Error('The LISTEN connection could not be opened again; it is tried on.', { cause }))
        // oxlint-disable-next-line no-await-in-loop
        await delay(RECONNECT_MS, undefined, { ref: false })
      }
    }
  }
}
