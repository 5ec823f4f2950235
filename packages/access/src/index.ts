export { roleGrants, rolesHolding, ROLE_PERMISSIONS } from './roles.ts'
export { accessIn, allows, allowsSomewhere, bindingsOf, type AccessSubject } from './evaluate.ts'
