import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { call, type Output } from '../api/call.ts'
import type { EntityScope } from '../api/reference.ts'

export type ConnectionTest = Output<'getConnectionTest'>

/** The first answers come soon, to tell which delegate has the test; the server holds the later ones until there is news. */
const FIRST_WAIT_SECONDS = 1
const WAIT_SECONDS = 25

/** Tests a stored connector from a delegate and follows the test until it is finished. */
export function useConnectionTest() {
  const queryClient = useQueryClient()
  const [test, setTest] = useState<ConnectionTest>()
  const abort = useRef<AbortController>(undefined)
  useEffect(() => () => abort.current?.abort(), [])
  const run = useMutation({
    mutationFn: async ({ identifier, query }: { identifier: string; query: EntityScope }) => {
      abort.current?.abort()
      const controller = new AbortController()
      abort.current = controller
      setTest(undefined)
      const { signal } = controller
      let waitSeconds = FIRST_WAIT_SECONDS
      let current = await call(
        'testConnector',
        { params: { identifier }, query: { ...query, waitSeconds } },
        { signal },
      )
      setTest(current)
      while (current.status === 'RUNNING') {
        // Each answer leads to the next question.
        // oxlint-disable-next-line no-await-in-loop
        current = await call(
          'getConnectionTest',
          { params: { testId: current.testId }, query: { ...query, waitSeconds } },
          { signal },
        )
        setTest(current)
        waitSeconds = current.delegateName === undefined ? FIRST_WAIT_SECONDS * 3 : WAIT_SECONDS
      }
      return current
    },
    // Not awaited: the test itself is over.
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ['connectors'] })
    },
  })
  return {
    /** The latest news; undefined before the first answer. */
    test,
    error: run.error,
    isRunning: run.isPending,
    isStarted: run.isPending || test !== undefined,
    start: run.mutate,
    /** Resolves with the finished test. Throws ApiProblem where it could not even start. */
    startAndWait: run.mutateAsync,
  }
}
