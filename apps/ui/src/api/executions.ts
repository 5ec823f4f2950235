import type { ExecutionStatus } from '@sluice/contracts/execution-graph'
import type { ExecutionSummary } from '@sluice/contracts/pipelines'
import { keepPreviousData, type QueryClient, queryOptions, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { call, type Output, urlOf } from './call.ts'
import { type StreamState, useEventStream } from './event-stream.ts'
import { isFinal } from '../design/status.ts'
import { isRecord } from './problem.ts'
import type { ProjectScope } from './project.ts'

export interface ExecutionFilters {
  statuses?: readonly ExecutionStatus[]
  pipelineIdentifier?: string
  searchTerm?: string
  /** Epoch ms. */
  startedAfter?: number
  triggeredBy?: 'mine'
  pageIndex?: number
  pageSize?: number
}

type ExecutionPage = Output<'listExecutions'>

/** A page of a project's runs, newest first. */
export function executionsQuery({ query }: ProjectScope, filters: ExecutionFilters) {
  return queryOptions({
    queryKey: ['executions', query, filters],
    queryFn: ({ signal }) =>
      call(
        'listExecutions',
        { query: { ...query, ...filters, statuses: filters.statuses?.join(',') || undefined } },
        { signal },
      ),
    placeholderData: keepPreviousData,
  })
}

/** One run, whole. While it goes on, {@link useExecutionStream} renews it. */
export function executionQuery({ query }: ProjectScope, executionId: string) {
  return queryOptions({
    queryKey: ['execution', query, executionId],
    queryFn: ({ signal }) => call('getExecution', { params: { executionId: idOf(executionId) }, query }, { signal }),
  })
}

/** The id as the contract types it. An address may hold anything: the API says what it does not know. */
export function idOf(executionId: string): `pex-${string}` {
  return `pex-${executionId.replace(/^pex-/, '')}`
}

/** Lists are read again this long after the first of several changes. */
const SETTLE_MS = 400
/** A run is over before the report of its last step has reached DB DevOps: what it says is asked for once more. */
const REPORTED_MS = 3_000
/** Key words of what a run changes in databases. */
const CHANGED_BY_RUNS = ['matrix', 'changeset', 'plans']

/**
 * Reads again what runs change in databases: the matrix, changesets, plans. To be called when a run has ended, or when
 * one may have ended unseen.
 */
function readStateAgain(client: QueryClient): void {
  const read = (): void => {
    for (const noun of CHANGED_BY_RUNS) void client.invalidateQueries({ queryKey: [noun] })
  }
  read()
  // Of the client, not of a page: it outlives both.
  setTimeout(read, REPORTED_MS)
}

/**
 * Keeps every list of runs in the cache in step with the project's stream: rows at hand change at once; where a run
 * began, or a status changed that a filter may ask for, the lists are read again, once for several changes. So is the
 * state of databases when a run has ended.
 */
export function useExecutionsStream({ query }: ProjectScope): StreamState {
  const client = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const readAgain = useMemo(
    () => () => {
      timer.current ??= setTimeout(() => {
        timer.current = undefined
        void client.invalidateQueries({ queryKey: ['executions', query] })
        void client.invalidateQueries({ queryKey: ['pipelines', query] })
      }, SETTLE_MS)
    },
    [client, query],
  )
  useEffect(
    () => () => {
      clearTimeout(timer.current)
      timer.current = undefined
    },
    [readAgain],
  )
  const state = useEventStream({
    url: urlOf('followExecutions', { query }),
    events: ['execution', 'reset'],
    onEvent: (name, data) => {
      if (name === 'execution' && isSummary(data)) patchLists(client, query, data)
      if (name !== 'execution' || !isSummary(data) || isFinal(data.status)) readStateAgain(client)
      readAgain()
    },
    onReopen: () => readStateAgain(client),
  })
  // The stream tells what changes from now on: what changed before it was open has to be asked for.
  useEffect(() => {
    if (state === 'open') readAgain()
  }, [state, readAgain])
  return state
}

function isSummary(data: unknown): data is ExecutionSummary {
  return isRecord(data) && typeof data['planExecutionId'] === 'string'
}

function patchLists(client: QueryClient, query: ProjectScope['query'], changed: ExecutionSummary): void {
  client.setQueriesData<ExecutionPage>({ queryKey: ['executions', query] }, (page) => {
    if (page === undefined || !page.content.some((run) => run.planExecutionId === changed.planExecutionId)) return page
    const content = page.content.map((run) => (run.planExecutionId === changed.planExecutionId ? changed : run))
    return { ...page, content }
  })
}

/** Follows one run into the cache: every event is the whole state. Nothing is followed where `isLive` is false. */
export function useExecutionStream({ query }: ProjectScope, executionId: string, isLive: boolean): StreamState {
  const client = useQueryClient()
  return useEventStream({
    url: isLive ? urlOf('followExecution', { params: { executionId: idOf(executionId) }, query }) : undefined,
    events: ['execution'],
    onEvent: (_name, data) => {
      if (!isDetail(data)) return
      client.setQueryData(executionQuery({ org: '', project: '', query }, executionId).queryKey, data)
      if (isFinal(data.pipelineExecutionSummary.status)) readStateAgain(client)
    },
  })
}

function isDetail(data: unknown): data is Output<'getExecution'> {
  return isRecord(data) && isRecord(data['pipelineExecutionSummary']) && isRecord(data['executionGraph'])
}
