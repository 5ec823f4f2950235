import { z } from 'zod'
import { Role } from './access.ts'
import { Email, NewPassword } from './auth.ts'
import { EntityName, EpochMs, Identifier } from './ids.ts'
import { defineRoute, PageQuery, pageOf } from './routes.ts'

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

export const getCurrentUser = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/user/currentUser',
  operationId: 'getCurrentUser',
  summary: 'Who you are, and your roles',
  tag: 'Users',
  auth: 'principal',
  response: User.extend({ accountIdentifier: z.string() }).meta({ id: 'CurrentUser' }),
  family: 'ng',
  errors: [],
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
