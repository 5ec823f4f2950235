import { Role } from '@sluice/contracts/access'
import type { RoleAssignment, User } from '@sluice/contracts/users'
import { scopeParts } from '../scope/require-scope.ts'

export interface UserRow {
  id: string
  email: string
  name: string
  disabled: boolean
  lockedUntil: Date | null
  version: number
  createdAt: Date
  updatedAt: Date
  roles: { role: string; orgIdentifier: string | null; projectIdentifier: string | null }[]
}

function toRoleAssignment(row: UserRow['roles'][number]): RoleAssignment {
  return { role: Role.parse(row.role), ...scopeParts(row) }
}

/** A row with its roles as it is told; never the password's hash. */
export function toUser(row: UserRow): User {
  return {
    uuid: row.id,
    email: row.email,
    name: row.name,
    disabled: row.disabled,
    locked: row.lockedUntil !== null && row.lockedUntil.getTime() > Date.now(),
    roleAssignments: row.roles.map(toRoleAssignment),
    version: row.version,
    createdAt: row.createdAt.getTime(),
    lastModifiedAt: row.updatedAt.getTime(),
  }
}
