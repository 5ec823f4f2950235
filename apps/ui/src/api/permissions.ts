import type { Permission } from '@sluice/contracts/access'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { call } from './call.ts'
import { useProject } from './project.ts'

/** What the caller may do in a scope. */
export function permissionsQuery(scope: { orgIdentifier?: string; projectIdentifier?: string }) {
  return queryOptions({
    queryKey: ['permissions', scope],
    queryFn: ({ signal }) => call('getMyAccess', { query: scope }, { signal }),
    staleTime: 60_000,
  })
}

export interface Allowance {
  /** False while nobody knows yet. */
  isAllowed: boolean
  /** Why not, for a tooltip; undefined where it is allowed or not known yet. */
  reason: string | undefined
}

/** Whether the caller holds `permission` in the project at hand, and the sentence to show where not. */
export function useMay(permission: Permission): Allowance {
  const { query } = useProject()
  const { data } = useQuery(permissionsQuery(query))
  if (data === undefined) return { isAllowed: false, reason: undefined }
  if (data.permissions.includes(permission)) return { isAllowed: true, reason: undefined }
  return {
    isAllowed: false,
    reason: `Your role does not include ${permission}. Ask an administrator of this account for a role that does.`,
  }
}
