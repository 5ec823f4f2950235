import { setTimeout as delay } from 'node:timers/promises'

export interface RetryPolicy {
  name: string
  attempts: number
  /** Milliseconds before the second attempt; doubles, with full jitter. */
  firstDelayMs: number
  maxDelayMs: number
  /** False: the error is final. */
  retryable: (error: unknown) => boolean
}

/** For calls that can be repeated safely: three tries within about a second. */
export const retryIdempotent: RetryPolicy = {
  name: 'idempotent',
  attempts: 3,
  firstDelayMs: 100,
  maxDelayMs: 1_000,
  retryable: () => true,
}

/** Runs `work` until it succeeds, its error is final, the attempts are used up or `signal` aborts. */
export async function retry<T>(work: () => Promise<T>, policy: RetryPolicy, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= policy.attempts || !policy.retryable(error) || signal?.aborted === true) throw error
      const ceiling = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1))
      await delay(ceiling * (0.5 + Math.random() / 2), undefined, { signal })
    }
  }
}
