import type { Output } from '../../api/call.ts'

export type User = Output<'getUser'>['user']
export type RoleAssignment = User['roleAssignments'][number]
export type Role = RoleAssignment['role']

export const ROLE_WORDS: Record<Role, { label: string; text: string }> = {
  viewer: { label: 'Viewer', text: 'sees everything, changes nothing' },
  editor: { label: 'Editor', text: 'edits and runs; no users, no account settings' },
  admin: { label: 'Administrator', text: 'may do everything, users included' },
}
export const ROLES = Object.keys(ROLE_WORDS).filter((key): key is Role => key in ROLE_WORDS)

/** Where a role holds, as a choice's value: '', 'org' or 'org/project'. */
export function placeOf({ orgIdentifier, projectIdentifier }: RoleAssignment): string {
  if (orgIdentifier === undefined) return ''
  return projectIdentifier === undefined ? orgIdentifier : `${orgIdentifier}/${projectIdentifier}`
}

/** The role with its place, the inverse of {@link placeOf}. */
export function assignmentOf(role: Role, place: string): RoleAssignment {
  const [orgIdentifier = '', projectIdentifier] = place.split('/')
  return {
    role,
    ...(orgIdentifier === '' ? {} : { orgIdentifier }),
    ...(projectIdentifier === undefined ? {} : { projectIdentifier }),
  }
}

/** "Viewer", "Editor in default/shop": for lists. */
export function assignmentText(assignment: RoleAssignment): string {
  const place = placeOf(assignment)
  return `${ROLE_WORDS[assignment.role].label}${place === '' ? '' : ` in ${place}`}`
}
