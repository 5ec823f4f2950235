import type { WarmSlot } from './warm-slot.ts'

/** A program that can't start must not be started in a tight loop. */
const REFILL_AFTER_FAILURE_MS = 5_000

/**
 * Keeps a number of slots prepared or under way, each used once. A taken slot is replaced when `fill` is called, after
 * the pod that took it is ready, so that the refill doesn't compete with it for the CPU.
 */
export class WarmPool {
  readonly #size: number
  readonly #prepare: () => Promise<WarmSlot>
  readonly #onError: (error: unknown) => void
  /** In the order of their start. */
  readonly #slots = new Set<Promise<WarmSlot | undefined>>()
  #retry: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: { size: number; prepare: () => Promise<WarmSlot>; onError: (error: unknown) => void }) {
    this.#size = options.size
    this.#prepare = options.prepare
    this.#onError = options.onError
  }

  /** Starts filling up to the size. */
  fill(): void {
    if (this.#isClosed || this.#retry) return
    while (this.#slots.size < this.#size) {
      const slot = this.#prepareAhead().then((prepared) => {
        if (prepared === undefined) this.#slots.delete(slot)
        return prepared
      })
      this.#slots.add(slot)
    }
  }

  /** A prepared slot, else one that is under way, else a new one. @throws Error when a new one can't be prepared. */
  async take(): Promise<{ slot: WarmSlot; isWarm: boolean }> {
    for (const next of this.#slots) {
      this.#slots.delete(next)
      const slot = await next
      if (slot?.isUsable) return { slot, isWarm: true }
      // Its processes ended while they waited.
      await slot?.dispose(0)
    }
    return { slot: await this.#prepare(), isWarm: false }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    const slots = await Promise.all(this.#slots)
    await Promise.all(slots.filter((slot) => slot !== undefined).map((slot) => slot.dispose(0)))
  }

  async #prepareAhead(): Promise<WarmSlot | undefined> {
    try {
      return await this.#prepare()
    } catch (error) {
      this.#onError(error)
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined
        this.fill()
      }, REFILL_AFTER_FAILURE_MS).unref()
      return undefined
    }
  }
}
