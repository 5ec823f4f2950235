import { AppError } from '@sluice/contracts/errors'

export interface Seat {
  /** Aborts when the service stops. */
  signal: AbortSignal
  leave: () => void
}

export interface Readers {
  /** @throws AppError TOO_MANY_REQUESTS where the account has too many live readers here */
  take(accountId: string): Seat
  /** Live readers now. */
  count(): number
  /** Ends every reader; each connects again elsewhere with the id of its last line. */
  stop(): void
}

/** The live readers of this replica. */
export function createReaders(maxPerAccount: number): Readers {
  const stopping = new AbortController()
  const perAccount = new Map<string, number>()
  return {
    take(accountId) {
      const taken = perAccount.get(accountId) ?? 0
      if (taken >= maxPerAccount) {
        throw new AppError(
          'TOO_MANY_REQUESTS',
          `The account follows ${taken} logs at once. Close some pages, then try again.`,
        )
      }
      perAccount.set(accountId, taken + 1)
      let seated = true
      const leave = (): void => {
        if (!seated) return
        seated = false
        const rest = (perAccount.get(accountId) ?? 1) - 1
        if (rest === 0) perAccount.delete(accountId)
        else perAccount.set(accountId, rest)
      }
      return { signal: stopping.signal, leave }
    },
    count: () => [...perAccount.values()].reduce((sum, taken) => sum + taken, 0),
    stop: () => stopping.abort(new Error('log-service stops')),
  }
}
