export { roleGrants, ROLE_PERMISSIONS } from './roles.ts'
export { allows, allowsSomewhere, bindingsOf, type AccessSubject } from './evaluate.ts'
