import { AppError } from '@sluice/contracts/errors'
import type { StreamStore } from './stream-store.ts'

export interface AccountQuota {
  /** @throws AppError TOO_MANY_REQUESTS where `bytes` more would pass the account's quota of a day */
  require(accountId: string, bytes: number): Promise<void>
  /** Counts what was stored since the store was last asked. */
  add(accountId: string, bytes: number): void
}

/** How long a sum read from the store is good for: other replicas' bytes are seen after this. */
const FRESH_MS = 10_000
const DAY_MS = 86_400_000
const ACCOUNTS_KEPT_MAX = 10_000

/** Keeps an account's logs of a day below a number of bytes. Approximate by what the replicas store within 10 s. */
export function createAccountQuota(store: Pick<StreamStore, 'bytesSince'>, bytesPerDay: number): AccountQuota {
  const used = new Map<string, { bytes: number; readAt: number }>()
  return {
    async require(accountId, bytes) {
      let known = used.get(accountId)
      if (known === undefined || Date.now() - known.readAt > FRESH_MS) {
        const readAt = Date.now()
        known = { bytes: await store.bytesSince(accountId, new Date(readAt - DAY_MS)), readAt }
        if (used.size >= ACCOUNTS_KEPT_MAX) used.clear()
        used.set(accountId, known)
      }
      if (known.bytes + bytes <= bytesPerDay) return
      throw new AppError(
        'TOO_MANY_REQUESTS',
        `The account has stored ${known.bytes} bytes of logs within a day and may store ${bytesPerDay}. Print less, or ask the operator for more.`,
      )
    },
    add(accountId, bytes) {
      const known = used.get(accountId)
      if (known !== undefined) known.bytes += bytes
    },
  }
}
