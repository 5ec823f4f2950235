/** Whether the browser's session is known to have ended. The dialog that asks to sign in again listens. */
class Session {
  #isExpired = false
  readonly #listeners = new Set<() => void>()

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly isExpired = (): boolean => this.#isExpired

  expire(): void {
    this.#set(true)
  }

  renew(): void {
    this.#set(false)
  }

  #set(isExpired: boolean): void {
    if (this.#isExpired === isExpired) return
    this.#isExpired = isExpired
    for (const listener of this.#listeners) listener()
  }
}

export const session = new Session()
