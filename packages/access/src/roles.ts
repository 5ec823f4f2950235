import { PERMISSIONS, ROLES, type Permission, type Role } from '@sluice/contracts/access'

/** What an editor may do besides looking: change and run things, never people, roles, tokens or settings. */
const EDITOR_ACTIONS: readonly Permission[] = [
  'core_connector_edit',
  'core_connector_delete',
  'core_connector_access',
  'core_secret_edit',
  'core_secret_delete',
  'core_secret_access',
  'core_pipeline_edit',
  'core_pipeline_delete',
  'core_pipeline_execute',
  'dbops_schema_edit',
  'dbops_schema_delete',
  'dbops_instance_edit',
  'dbops_instance_delete',
]

/** Looking at who else is there, and at what everybody did, is for editors and admins. */
const VIEWER_EXCEPTIONS: readonly Permission[] = ['core_user_view', 'core_audit_view']

const VIEWS = PERMISSIONS.filter((permission) => permission.endsWith('_view'))

/** Permissions of each role. A role holds everything of the weaker ones. */
export const ROLE_PERMISSIONS: Record<Role, ReadonlySet<Permission>> = {
  admin: new Set(PERMISSIONS),
  editor: new Set([...VIEWS, ...EDITOR_ACTIONS]),
  viewer: new Set(VIEWS.filter((permission) => !VIEWER_EXCEPTIONS.includes(permission))),
}

/** True if `role` holds `permission`. */
export function roleGrants(role: Role, permission: Permission): boolean {
  return ROLE_PERMISSIONS[role].has(permission)
}

/** Roles that hold `permission`, the weakest first: whom to become in order to get it. */
export function rolesHolding(permission: Permission): Role[] {
  return ROLES.filter((role) => roleGrants(role, permission)).toReversed()
}
