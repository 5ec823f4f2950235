/** Ends a pod that nobody uses any more, because nobody can be relied on to say so. */
export class IdleEnd {
  readonly #maxIdleMs: number
  readonly #onEnd: () => void
  #holds = 0
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  /** Calls `onEnd` once, when `maxIdleMs` went by without a hold. */
  constructor(maxIdleMs: number, onEnd: () => void) {
    this.#maxIdleMs = maxIdleMs
    this.#onEnd = onEnd
    this.#wait()
  }

  /** Keeps the pod while an attempt runs. The returned function lets go, once, however often it is called. */
  hold(): () => void {
    clearTimeout(this.#timer)
    this.#holds += 1
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holds -= 1
      this.#wait()
    }
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #wait(): void {
    clearTimeout(this.#timer)
    if (this.#holds > 0 || this.#isStopped) return
    this.#timer = setTimeout(this.#onEnd, this.#maxIdleMs).unref()
  }
}
