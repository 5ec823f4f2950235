import type { ExecutionStatus } from '@sluice/contracts/execution-graph'
import type { ExecutionFilters } from '../../api/executions.ts'

/** Filters of the list as the address holds them; what is not asked for is absent. */
export interface ExecutionsSearch {
  /** Keys of {@link STATUS_GROUPS}, with commas between. */
  status?: string
  pipeline?: string
  mine?: true
  since?: Since
  q?: string
  /** From 1. */
  page?: number
}

export const PAGE_SIZE = 25
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** How far back, and what it is called. */
export const SINCE = {
  hour: { label: 'Last hour', ms: HOUR },
  day: { label: 'Last 24 hours', ms: 24 * HOUR },
  week: { label: 'Last 7 days', ms: 7 * 24 * HOUR },
  month: { label: 'Last 30 days', ms: 30 * 24 * HOUR },
} as const
export type Since = keyof typeof SINCE

/** Statuses that people ask for together. */
export const STATUS_GROUPS = {
  failed: { label: 'Failed', statuses: ['Failed', 'Expired', 'ApprovalRejected'] },
  running: { label: 'Running', statuses: ['Running', 'Discontinuing'] },
  waiting: {
    label: 'Waiting',
    statuses: ['Queued', 'NotStarted', 'ApprovalWaiting', 'InterventionWaiting', 'ResourceWaiting', 'Paused'],
  },
  succeeded: { label: 'Succeeded', statuses: ['Success', 'IgnoreFailed'] },
  aborted: { label: 'Aborted', statuses: ['Aborted'] },
  skipped: { label: 'Skipped', statuses: ['Skipped'] },
} as const satisfies Record<string, { label: string; statuses: readonly ExecutionStatus[] }>
export type StatusGroup = keyof typeof STATUS_GROUPS

/** Reads the address; what is not understood counts as not asked for. */
export function readSearch(given: Record<string, unknown>): ExecutionsSearch {
  const { status, pipeline, mine, since, q, page } = given
  const groups = typeof status === 'string' ? groupsOf(status) : []
  return {
    status: groups.length === 0 ? undefined : groups.join(','),
    pipeline: textOf(pipeline),
    mine: mine === true || mine === 'true' ? true : undefined,
    since: typeof since === 'string' && isSince(since) ? since : undefined,
    q: textOf(q),
    page: typeof page === 'number' && Number.isInteger(page) && page > 1 ? page : undefined,
  }
}

/** Groups of statuses that `status` names. */
export function groupsOf(status: string | undefined): StatusGroup[] {
  return (status ?? '').split(',').filter(isStatusGroup)
}

/** The address as the API's filters. `now` in epoch ms; moments are rounded to minutes, so that answers stay fresh. */
export function filtersOf(search: ExecutionsSearch, now: number): ExecutionFilters {
  const since = search.since === undefined ? undefined : SINCE[search.since].ms
  return {
    statuses: groupsOf(search.status).flatMap((group) => STATUS_GROUPS[group].statuses),
    pipelineIdentifier: search.pipeline,
    searchTerm: search.q,
    startedAfter: since === undefined ? undefined : Math.floor(now / MINUTE) * MINUTE - since,
    triggeredBy: search.mine === true ? 'mine' : undefined,
    pageIndex: (search.page ?? 1) - 1,
    pageSize: PAGE_SIZE,
  }
}

/** Whether anything is asked for beyond "all, newest first". */
export function isFiltered({ page: _page, ...rest }: ExecutionsSearch): boolean {
  return Object.values(rest).some((value) => value !== undefined)
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && text.trim() !== '' ? text.slice(0, 128) : undefined
}

/** Whether `value` is one of the choices of {@link SINCE}. */
export function isSince(value: string): value is Since {
  return value in SINCE
}

function isStatusGroup(value: string): value is StatusGroup {
  return value in STATUS_GROUPS
}
