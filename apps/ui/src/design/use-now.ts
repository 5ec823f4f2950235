import { useSyncExternalStore } from 'react'

/** One clock for everybody who asks for the same pace: what counts on one page counts in step. */
class Clock {
  #now = Date.now()
  #timer: ReturnType<typeof setInterval> | undefined
  readonly #everyMs: number
  readonly #listeners = new Set<() => void>()

  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  readonly read = (): number => this.#now

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    if (this.#timer === undefined) {
      this.#timer = setInterval(this.#tick, this.#everyMs)
      // It may have stood still for long.
      if (Date.now() - this.#now >= this.#everyMs) queueMicrotask(this.#tick)
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  readonly #tick = (): void => {
    if (document.hidden) return
    this.#now = Date.now()
    for (const listener of this.#listeners) listener()
  }
}

const clocks = new Map<number, Clock>()

/** The time in epoch ms, renewed every `everyMs`; stands still while the page is hidden. */
export function useNow(everyMs: number): number {
  let clock = clocks.get(everyMs)
  if (clock === undefined) {
    clock = new Clock(everyMs)
    clocks.set(everyMs, clock)
  }
  return useSyncExternalStore(clock.subscribe, clock.read)
}
