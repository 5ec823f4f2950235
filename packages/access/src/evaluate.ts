import {
  PERMISSIONS,
  ROLES,
  type AccessBinding,
  type Permission,
  type Principal,
  type Role,
} from '@sluice/contracts/access'
import type { Scope } from '@sluice/contracts/ids'
import { roleGrants } from './roles.ts'

/** Whose permissions are asked for. */
export interface AccessSubject {
  accountId: string
  principal: Pick<Principal, 'type' | 'id'>
}

/** The bindings of `bindings` that speak of this subject, in its own account. */
export function bindingsOf(bindings: readonly AccessBinding[], subject: AccessSubject): AccessBinding[] {
  return bindings.filter(
    (binding) =>
      binding.accountId === subject.accountId &&
      binding.principalType === subject.principal.type &&
      binding.principalId === subject.principal.id,
  )
}

function covers(binding: AccessBinding, scope: Scope): boolean {
  if (binding.accountId !== scope.accountId) return false
  if (binding.orgIdentifier === undefined) return binding.projectIdentifier === undefined
  if (binding.orgIdentifier !== scope.orgIdentifier) return false
  return binding.projectIdentifier === undefined || binding.projectIdentifier === scope.projectIdentifier
}

/**
 * True if one of the subject's bindings holds `permission` in `scope` or in a scope above it.
 * A binding of another account never counts, whatever its other fields say.
 */
export function allows(
  bindings: readonly AccessBinding[],
  subject: AccessSubject,
  permission: Permission,
  scope: Scope,
): boolean {
  if (scope.accountId !== subject.accountId) return false
  return bindingsOf(bindings, subject).some((binding) => covers(binding, scope) && roleGrants(binding.role, permission))
}

/** True if the subject holds `permission` in any scope of its account: for lists that filter by themselves. */
export function allowsSomewhere(
  bindings: readonly AccessBinding[],
  subject: AccessSubject,
  permission: Permission,
): boolean {
  return bindingsOf(bindings, subject).some((binding) => roleGrants(binding.role, permission))
}

/** What the subject may do in `scope`, by bindings there and above; the strongest role first. */
export function accessIn(
  bindings: readonly AccessBinding[],
  subject: AccessSubject,
  scope: Scope,
): { permissions: Permission[]; roles: Role[] } {
  const held = new Set(
    scope.accountId === subject.accountId
      ? bindingsOf(bindings, subject)
          .filter((binding) => covers(binding, scope))
          .map(({ role }) => role)
      : [],
  )
  const roles = ROLES.filter((role) => held.has(role))
  return { permissions: PERMISSIONS.filter((permission) => roles.some((role) => roleGrants(role, permission))), roles }
}
