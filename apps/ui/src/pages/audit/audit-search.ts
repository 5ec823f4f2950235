import type { AuditFilter } from '@sluice/contracts/audit-routes'
import { choiceParam, compact, listParam, pageParam, textParam } from '../../api/search-params.ts'

type AuditAction = NonNullable<AuditFilter['actions']>[number]

/** What an action is called, in the order of the filter. */
export const ACTIONS: Record<AuditAction, string> = {
  CREATE: 'Created',
  UPDATE: 'Changed',
  DELETE: 'Deleted',
  RUN: 'Ran',
  ABORT: 'Aborted',
  TEST: 'Tested',
  OPEN: 'Opened',
  DENIED: 'Denied',
  LOGIN: 'Signed in',
  LOGIN_FAILED: 'Sign-in failed',
  LOGOUT: 'Signed out',
  REVOKE: 'Revoked',
  ENROL: 'Enrolled',
}
export const ACTION_NAMES = Object.keys(ACTIONS).filter((key): key is AuditAction => key in ACTIONS)

export const SPANS = ['hour', 'day', 'week', 'month'] as const
export type Span = (typeof SPANS)[number]

/** The filters of the audit trail as the address holds them; lists with commas. */
export interface AuditSearch {
  q?: string
  actions?: string
  types?: string
  who?: string
  /** The last hour, day, …; or from and to, as days `2026-11-23` in the reader's own zone. */
  span?: Span
  from?: string
  to?: string
  page?: number
  /** Event whose drawer is open. */
  event?: string
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

function dayParam(value: unknown): string | undefined {
  const text = textParam(value)
  return text !== undefined && DAY.test(text) && !Number.isNaN(new Date(`${text}T00:00`).getTime()) ? text : undefined
}

/** Reads an address; what it does not know is left out. */
export function readSearch(search: Record<string, unknown>): AuditSearch {
  return compact({
    q: textParam(search['q']),
    actions: textParam(search['actions']),
    types: textParam(search['types']),
    who: textParam(search['who']),
    span: choiceParam(search['span'], SPANS),
    from: dayParam(search['from']),
    to: dayParam(search['to']),
    page: pageParam(search['page']),
    event: textParam(search['event']),
  })
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const SPAN_MS: Record<Span, number> = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR }

/** The filters as the API takes them. `now` in epoch ms; a span begins at a full minute, so that pages fit together. */
export function filterOf(search: AuditSearch, now: number): AuditFilter {
  const actions = listParam(search.actions)?.flatMap((name) => ACTION_NAMES.filter((action) => action === name))
  const since =
    search.span === undefined
      ? search.from === undefined
        ? undefined
        : new Date(`${search.from}T00:00`).getTime()
      : Math.floor((now - SPAN_MS[search.span]) / MINUTE) * MINUTE
  const until =
    search.span === undefined && search.to !== undefined ? new Date(`${search.to}T23:59:59.999`).getTime() : undefined
  return compact({
    searchTerm: search.q,
    actions: actions?.length === 0 ? undefined : actions,
    resourceTypes: listParam(search.types),
    principalIds: listParam(search.who),
    startTime: since,
    endTime: until,
  })
}

/** Whether anything is filtered at all. */
export function isFiltered({ page: _page, event: _event, ...filters }: AuditSearch): boolean {
  return Object.values(filters).some((value) => value !== undefined)
}
