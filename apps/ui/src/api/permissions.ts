import type { Permission } from '@sluice/contracts/access'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { call } from './call.ts'
import { ApiProblem } from './problem.ts'
import { useProject } from './project.ts'
import type { EntityScope } from './reference.ts'

/** What the caller may do in a scope. */
export function permissionsQuery(scope: EntityScope) {
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

/** The whole account: for pages whose things belong to no project. */
export const ACCOUNT: EntityScope = {}

/** Whether the caller holds `permission` in `scope` (the project at hand unless told), and the sentence to show where not. */
export function useMay(permission: Permission, scope?: EntityScope): Allowance {
  const { query } = useProject()
  const { data, error } = useQuery(permissionsQuery(scope ?? query))
  if (data === undefined) {
    const reason = error instanceof ApiProblem ? `Nobody knows yet whether you may: ${error.message}` : undefined
    return { isAllowed: false, reason }
  }
  if (data.permissions.includes(permission)) return { isAllowed: true, reason: undefined }
  const roles = data.rolesByPermission[permission] ?? []
  const needed = roles.length === 0 ? 'which no role has' : `which the role ${roles.join(' or ')} has`
  const whom = data.administrators.length === 0 ? 'an administrator' : data.administrators.slice(0, 3).join(' or ')
  return { isAllowed: false, reason: `This needs ${permission}, ${needed}. Ask ${whom}.` }
}
