import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { call, type Output, urlOf } from './call.ts'
import { type StreamState, useEventStream } from './event-stream.ts'
import { isRecord } from './problem.ts'
import type { EntityScope } from './reference.ts'

export type Delegate = Output<'listDelegates'>['content'][number]

const PAGE_SIZE = 100
const EVENTS = ['delegates', 'delegate'] as const

/** Delegates that can serve `scope`. {@link useDelegates} keeps them up to date. */
export function delegatesQuery(scope: EntityScope) {
  return queryOptions({
    queryKey: ['delegates', scope],
    queryFn: async ({ signal }): Promise<Delegate[]> => {
      const found: Delegate[] = []
      for (let pageIndex = 0; ; pageIndex++) {
        // The next page is asked for only where there is one.
        // oxlint-disable-next-line no-await-in-loop
        const page = await call(
          'listDelegates',
          { query: { ...scope, pageIndex, pageSize: PAGE_SIZE }, body: {} },
          { signal },
        )
        found.push(...page.content)
        if (pageIndex + 1 >= page.totalPages) return found
      }
    },
  })
}

// The server writes these events from the contract's own schema: only their outer shape is looked at here.
function isDelegate(value: unknown): value is Delegate {
  return isRecord(value) && typeof value['identifier'] === 'string' && Array.isArray(value['tags'])
}

/** Delegates of `scope`, renewed by the server's events as long as the page is open. */
export function useDelegates(scope: EntityScope) {
  const queryClient = useQueryClient()
  const options = delegatesQuery(scope)
  const list = useQuery(options)
  const stream: StreamState = useEventStream({
    // Whoever may not see the list is told so by it; the stream would only be refused over and over.
    url: list.isSuccess ? urlOf('followDelegates', { query: scope }) : undefined,
    events: EVENTS,
    onEvent: (name, data) => {
      if (!isRecord(data)) return
      if (name === 'delegates' && Array.isArray(data['delegates'])) {
        queryClient.setQueryData(options.queryKey, data['delegates'].filter(isDelegate))
      }
      const changed = data['delegate']
      if (name === 'delegate' && isDelegate(changed)) {
        queryClient.setQueryData(options.queryKey, (before: Delegate[] = []) =>
          before.some(({ identifier }) => identifier === changed.identifier)
            ? before.map((delegate) => (delegate.identifier === changed.identifier ? changed : delegate))
            : [...before, changed],
        )
      }
    },
  })
  return { list, stream }
}
