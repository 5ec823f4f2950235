import type { WarmSlot } from './warm-slot.ts'

/** A process that dies while it waits is replaced, but a program that can't start must not be started in a tight loop. */
const REFILL_AFTER_FAILURE_MS = 5_000

/**
 * Keeps a number of prepared slots, each used once. A taken slot is replaced in the background, after the pod that took
 * it is ready, so that the refill doesn't compete with it for the CPU.
 */
export class WarmPool {
  readonly #size: number
  readonly #prepare: () => Promise<WarmSlot>
  readonly #onError: (error: unknown) => void
  readonly #ready: WarmSlot[] = []
  readonly #preparing = new Set<Promise<void>>()
  #retry: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: { size: number; prepare: () => Promise<WarmSlot>; onError: (error: unknown) => void }) {
    this.#size = options.size
    this.#prepare = options.prepare
    this.#onError = options.onError
  }

  /** Starts filling up to the size. */
  fill(): void {
    if (this.#isClosed) return
    for (let missing = this.#size - this.#ready.length - this.#preparing.size; missing > 0; missing -= 1) {
      const preparing = this.#prepareOne().finally(() => this.#preparing.delete(preparing))
      this.#preparing.add(preparing)
    }
  }

  /** A prepared slot, or a new one when none is ready. */
  async take(): Promise<{ slot: WarmSlot; isWarm: boolean }> {
    for (let slot = this.#ready.shift(); slot !== undefined; slot = this.#ready.shift()) {
      if (slot.isUsable) return { slot, isWarm: true }
      await slot.dispose(0)
    }
    return { slot: await this.#prepare(), isWarm: false }
  }

  /** Resolves when what is being prepared is ready. */
  async settled(): Promise<void> {
    await Promise.all(this.#preparing)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    await this.settled()
    await Promise.all(this.#ready.splice(0).map((slot) => slot.dispose(0)))
  }

  async #prepareOne(): Promise<void> {
    try {
      const slot = await this.#prepare()
      if (this.#isClosed) await slot.dispose(0)
      else this.#ready.push(slot)
    } catch (error) {
      this.#onError(error)
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined
        this.fill()
      }, REFILL_AFTER_FAILURE_MS).unref()
    }
  }
}
