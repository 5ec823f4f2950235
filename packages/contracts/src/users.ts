import { z } from 'zod'
import { Permission, Role } from './access.ts'
import { Email, NewPassword } from './auth.ts'
import { EntityName, EpochMs, Identifier } from './ids.ts'
import { defineRoute, PageQuery, pageOf, ScopeQuery } from './routes.ts'

/** A role in the account, or from an organisation or project downwards. */
export const RoleAssignment = z
  .object({ role: Role, orgIdentifier: Identifier.optional(), projectIdentifier: Identifier.optional() })
  .refine((assignment) => assignment.projectIdentifier === undefined || assignment.orgIdentifier !== undefined, {
    message: 'a projectIdentifier needs its orgIdentifier',
  })
  .meta({ id: 'RoleAssignment' })
export type RoleAssignment = z.infer<typeof RoleAssignment>

const RoleAssignments = z.array(RoleAssignment).max(128)

export const User = z
  .object({
    uuid: z.string(),
    email: z.string(),
    name: z.string(),
    disabled: z.boolean(),
    /** True while the user is locked out after wrong passwords. */
    locked: z.boolean(),
    roleAssignments: z.array(RoleAssignment),
    version: z.number().int(),
    createdAt: EpochMs,
    lastModifiedAt: EpochMs,
  })
  .meta({ id: 'User' })
export type User = z.infer<typeof User>

export const CurrentUser = User.extend({ accountIdentifier: z.string() }).meta({ id: 'CurrentUser' })
export type CurrentUser = z.infer<typeof CurrentUser>

export const getCurrentUser = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/user/currentUser',
  operationId: 'getCurrentUser',
  summary: 'Who you are, and your roles',
  tag: 'Users',
  auth: 'principal',
  response: CurrentUser,
  family: 'ng',
  errors: [],
})

/** The caller's own profile. Roles, e-mail address and state are for administrators: {@link updateUser}. */
export const updateCurrentUser = defineRoute({
  service: 'ng-core',
  method: 'PUT',
  path: '/ng/api/user/currentUser',
  operationId: 'updateCurrentUser',
  summary: 'Change your own name',
  tag: 'Users',
  auth: 'principal',
  body: z.object({ user: z.object({ name: EntityName, version: z.number().int().optional() }) }),
  response: CurrentUser,
  family: 'ng',
  errors: ['VERSION_CONFLICT', 'INVALID_REQUEST'],
})

/** What the caller may do in a scope: own roles there and above. */
export const MyAccess = z
  .object({
    permissions: z.array(Permission),
    /** Roles that hold in the scope, the strongest first. */
    roles: z.array(Role),
    /** Roles that hold each permission, the weakest first: whom to ask for what is missing. */
    rolesByPermission: z.record(Permission, z.array(Role)),
    /** Names of a few people who can give roles in the scope. */
    administrators: z.array(z.string()),
  })
  .meta({ id: 'MyAccess' })
export type MyAccess = z.infer<typeof MyAccess>

export const getMyAccess = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/acl/mine',
  operationId: 'getMyAccess',
  summary: 'Your permissions and roles in a scope, and who can give you more',
  tag: 'Users',
  auth: 'principal',
  query: ScopeQuery,
  response: MyAccess,
  family: 'ng',
  errors: ['INVALID_REQUEST'],
})

export const createUser = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/user',
  operationId: 'createUser',
  summary: 'Add a user with a first password and roles',
  tag: 'Users',
  auth: 'permission',
  permission: 'core_user_manage',
  body: z.object({
    user: z.object({
      email: Email,
      name: EntityName,
      password: NewPassword,
      roleAssignments: RoleAssignments.default([]),
    }),
  }),
  response: z.object({ user: User }),
  family: 'ng',
  errors: ['DUPLICATE_IDENTIFIER', 'ENTITY_NOT_FOUND', 'INVALID_REQUEST', 'ACCESS_DENIED'],
})

export const listUsers = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/user/list',
  operationId: 'listUsers',
  summary: 'List users',
  tag: 'Users',
  auth: 'permission',
  permission: 'core_user_view',
  query: PageQuery,
  body: z.object({ searchTerm: z.string().max(128).optional() }),
  response: pageOf(z.object({ user: User })),
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})

const UserParams = z.object({ userId: z.string().max(64) })

export const getUser = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/user/:userId',
  operationId: 'getUser',
  summary: 'Read a user',
  tag: 'Users',
  auth: 'permission',
  permission: 'core_user_view',
  params: UserParams,
  response: z.object({ user: User }),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'ACCESS_DENIED'],
})

/** Replaces what is given. A disabled user's sessions end at once; the last active account admin stays. */
export const updateUser = defineRoute({
  service: 'ng-core',
  method: 'PUT',
  path: '/ng/api/user/:userId',
  operationId: 'updateUser',
  summary: 'Rename, disable, unlock or give roles to a user',
  tag: 'Users',
  auth: 'permission',
  permission: 'core_user_manage',
  params: UserParams,
  body: z.object({
    user: z.object({
      name: EntityName.optional(),
      disabled: z.boolean().optional(),
      locked: z.literal(false).optional(),
      password: NewPassword.optional(),
      roleAssignments: RoleAssignments.optional(),
      version: z.number().int().optional(),
    }),
  }),
  response: z.object({ user: User }),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'VERSION_CONFLICT', 'INVALID_STATE', 'ACCESS_DENIED'],
})

export const deleteUser = defineRoute({
  service: 'ng-core',
  method: 'DELETE',
  path: '/ng/api/user/:userId',
  operationId: 'deleteUser',
  summary: 'Remove a user with its sessions, API keys and roles',
  tag: 'Users',
  auth: 'permission',
  permission: 'core_user_manage',
  params: UserParams,
  response: z.boolean(),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'INVALID_STATE', 'ACCESS_DENIED'],
})
