import { setTimeout as delay } from 'node:timers/promises'

export interface UntilOptions {
  /** Named in the error: what was waited for. */
  what: string
  deadlineMs?: number
  everyMs?: number
}

/**
 * Waits for what another process brings about: calls `probe` until it answers something truthy, and returns that.
 * @throws Error that names `what`, with the last error of `probe` as its cause
 */
export async function until<Value>(
  probe: () => Promise<Value> | Value,
  options: UntilOptions,
): Promise<NonNullable<Value>> {
  const deadlineMs = options.deadlineMs ?? 10_000
  const deadline = Date.now() + deadlineMs
  let cause: unknown
  do {
    try {
      const value = await probe()
      if (value) return value
      cause = undefined
    } catch (error) {
      cause = error
    }
    await delay(options.everyMs ?? 20)
  } while (Date.now() < deadline)
  throw new Error(`Waited ${deadlineMs} ms in vain for: ${options.what}`, { cause })
}
