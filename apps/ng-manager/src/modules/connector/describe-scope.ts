import type { Scope } from '@sluice/contracts/ids'

/** A scope as sentences name it. */
export function describeScope(scope: Scope): string {
  if (scope.orgIdentifier === undefined) return 'the account'
  if (scope.projectIdentifier === undefined) return `organisation "${scope.orgIdentifier}"`
  return `project "${scope.orgIdentifier}/${scope.projectIdentifier}"`
}
