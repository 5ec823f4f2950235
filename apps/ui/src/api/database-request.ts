import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { call, type Output } from './call.ts'
import type { SchemaAddress } from './schemas.ts'

export type DatabaseRequest = Output<'getDatabaseRequest'>

/** Seconds that one question waits for the end: short, so that what it waits for is told soon. */
const FIRST_WAIT_SECONDS = 2
const WAIT_SECONDS = 25

/** A request by instance: as it is known, or why it could not even be asked for. */
export interface FollowedRequest {
  request?: DatabaseRequest
  error?: unknown
}

interface Followed {
  byInstance: Record<string, FollowedRequest>
  isRunning: boolean
  /** Asks for requests and follows each to its end; `instances` are shown as waiting until the answer comes. */
  start: (instances: readonly string[], ask: () => Promise<readonly DatabaseRequest[]>) => Promise<void>
  clear: () => void
}

/** What a finished request has changed is read again. */
async function refreshViews(queryClient: QueryClient, address: SchemaAddress): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['matrix', address] }),
    queryClient.invalidateQueries({ queryKey: ['changeset', address] }),
    queryClient.invalidateQueries({ queryKey: ['instances'] }),
  ])
}

/** Follows refreshes and baselines of a schema's instances by long polls, while the component is mounted. */
export function useDatabaseRequests(address: SchemaAddress): Followed {
  const queryClient = useQueryClient()
  const [byInstance, setByInstance] = useState<Record<string, FollowedRequest>>({})
  const [asking, setAsking] = useState(0)
  const aborts = useRef(new Set<AbortController>())
  useEffect(() => {
    const open = aborts.current
    return () => {
      for (const abort of open) abort.abort()
    }
  }, [])
  const { org, project, schema } = address

  const start = useCallback<Followed['start']>(
    async (instances, ask) => {
      const params = { org, project, schema }
      const abort = new AbortController()
      aborts.current.add(abort)
      const put = (instance: string, followed: FollowedRequest): void => {
        if (!abort.signal.aborted) setByInstance((known) => ({ ...known, [instance]: followed }))
      }
      const follow = async (first: DatabaseRequest): Promise<void> => {
        let request = first
        put(request.dbInstance, { request })
        try {
          for (let turn = 0; request.status === 'RUNNING'; turn++) {
            request = await call(
              'getDatabaseRequest',
              {
                params: { ...params, requestId: request.requestId },
                query: { waitSeconds: turn === 0 ? FIRST_WAIT_SECONDS : WAIT_SECONDS },
              },
              { signal: abort.signal },
            )
            put(request.dbInstance, { request })
          }
        } catch (error) {
          put(request.dbInstance, { request: { ...request, status: 'FAILURE' }, error })
        }
      }
      setAsking((count) => count + 1)
      for (const instance of instances) put(instance, {})
      try {
        const requests = await ask()
        await Promise.all(requests.map(follow))
        if (!abort.signal.aborted) await refreshViews(queryClient, params)
      } catch (error) {
        for (const instance of instances) put(instance, { error })
      } finally {
        aborts.current.delete(abort)
        if (!abort.signal.aborted) setAsking((count) => count - 1)
      }
    },
    [org, project, schema, queryClient],
  )
  const clear = useCallback(() => setByInstance({}), [])
  return { byInstance, isRunning: asking > 0, start, clear }
}
