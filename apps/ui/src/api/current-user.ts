import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'

/** Who is signed in. Throws ApiProblem 401 where nobody is. */
export function currentUserQuery() {
  return queryOptions({
    queryKey: ['current-user'],
    queryFn: ({ signal }) => call('getCurrentUser', {}, { signal }),
    staleTime: 60_000,
  })
}
