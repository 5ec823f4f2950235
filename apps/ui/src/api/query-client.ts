import { QueryClient } from '@tanstack/react-query'
import { ApiProblem } from './problem.ts'

/** Answers are fresh for this long: going back and forth between pages asks nothing anew. Streams invalidate earlier. */
const STALE_MS = 15_000
const MAX_RETRIES = 3

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: STALE_MS,
        // What the caller did wrong stays wrong; what is away may come back.
        retry: (failures, error) =>
          failures < MAX_RETRIES && error instanceof ApiProblem && (error.status === 0 || error.status >= 502),
        retryDelay: (failures) => Math.min(500 * 2 ** failures, 5_000),
      },
    },
  })
}
