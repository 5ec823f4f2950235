import { AppError } from '@sluice/contracts/errors'
import { describeScope } from '@sluice/contracts/ids'
import type { ScopeInput } from './require-scope.ts'

/** An entity that isn't there, or belongs to somebody else, which is the same. */
export function notFound(what: string, identifier: string, scope: ScopeInput = {}): AppError {
  return new AppError(
    'ENTITY_NOT_FOUND',
    `There is no ${what} "${identifier}" in ${describeScope(scope)}. Check the identifier and the scope.`,
  )
}

export function duplicate(what: string, identifier: string, scope: ScopeInput = {}): AppError {
  return new AppError(
    'DUPLICATE_IDENTIFIER',
    `There is already a ${what} "${identifier}" in ${describeScope(scope)}. Choose another identifier, or change the existing one.`,
  )
}

/** Refuses a change that was made looking at an older version. Without a version the caller takes what comes. */
export function requireVersion(what: string, identifier: string, current: number, expected: number | undefined): void {
  if (expected === undefined || expected === current) return
  throw versionConflict(what, identifier)
}

export function versionConflict(what: string, identifier: string): AppError {
  return new AppError(
    'VERSION_CONFLICT',
    `Somebody changed the ${what} "${identifier}" since you read it. Read it again and repeat your change.`,
  )
}
