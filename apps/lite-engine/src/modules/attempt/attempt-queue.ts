import type { Attempt } from './attempt.ts'

/** How many finished attempts can still be attached to. A pod runs few steps; retries make new pods. */
const KEPT = 64

/** The pod's attempts: one runs at a time, in the order of arrival; an id is never run twice. */
export class AttemptQueue {
  readonly #attempts = new Map<string, Attempt>()
  #tail: Promise<void> = Promise.resolve()

  find(attemptId: string): Attempt | undefined {
    return this.#attempts.get(attemptId)
  }

  /** Attaches to the attempt with this id, or adds the one that `create` makes. */
  attach(attemptId: string, create: () => Attempt): Attempt {
    const known = this.#attempts.get(attemptId)
    if (known) return known
    const attempt = create()
    const isBehind = [...this.#attempts.values()].some((other) => !other.events.isEnded)
    this.#attempts.set(attemptId, attempt)
    if (isBehind) attempt.wait()
    this.#tail = this.#tail.then(() => attempt.run()).then(() => this.#forgetOld())
    return attempt
  }

  /** Cancels everything and waits for its end, `withinMs` at most. */
  async cancelAll(reason: string, withinMs: number): Promise<void> {
    const open = [...this.#attempts.values()].filter((attempt) => !attempt.events.isEnded)
    if (open.length === 0) return
    for (const attempt of open) void attempt.cancel(reason)
    await Promise.race([
      Promise.all(open.map((attempt) => attempt.ended)),
      new Promise((resolve) => setTimeout(resolve, withinMs)),
    ])
  }

  #forgetOld(): void {
    for (const [id, attempt] of this.#attempts) {
      if (this.#attempts.size <= KEPT) return
      if (attempt.events.isEnded) this.#attempts.delete(id)
    }
  }
}
