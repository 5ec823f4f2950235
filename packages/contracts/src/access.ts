import { z } from 'zod'

/** Permissions of the form `<module>_<resource>_<action>`. */
export const PERMISSIONS = [
  'core_account_view',
  'core_account_edit',
  'core_organization_view',
  'core_organization_edit',
  'core_project_view',
  'core_project_edit',
  'core_user_view',
  'core_user_manage',
  'core_connector_view',
  'core_connector_edit',
  'core_connector_delete',
  'core_connector_access',
  'core_secret_view',
  'core_secret_edit',
  'core_secret_delete',
  'core_secret_access',
  'core_delegate_view',
  'core_delegate_edit',
  'core_setting_view',
  'core_setting_edit',
  'core_audit_view',
  'core_pipeline_view',
  'core_pipeline_edit',
  'core_pipeline_delete',
  'core_pipeline_execute',
  'dbops_schema_view',
  'dbops_schema_edit',
  'dbops_schema_delete',
  'dbops_instance_view',
  'dbops_instance_edit',
  'dbops_instance_delete',
] as const
export const Permission = z.enum(PERMISSIONS)
export type Permission = z.infer<typeof Permission>

export const ROLES = ['admin', 'editor', 'viewer'] as const
export const Role = z.enum(ROLES)
export type Role = z.infer<typeof Role>

export const PrincipalType = z.enum(['USER', 'SERVICE_ACCOUNT', 'SYSTEM'])

/** Who acts: a person or an API key's owner. */
export const Principal = z.object({
  type: PrincipalType,
  id: z.string().max(64),
  name: z.string().max(256),
})
export type Principal = z.infer<typeof Principal>

/** Claims of NG Core's short-lived internal token (audience `sluice-internal`, 60 s). */
export const InternalClaims = z.object({
  accountId: z.string().max(64),
  principal: Principal,
  groups: z.array(z.string().max(64)).max(256),
  /** Rises with every change of the account's role assignments. */
  accessVersion: z.number().int(),
  featureFlags: z.array(z.string().max(64)).max(64),
  /** Session or API key that the token was exchanged for: long-lived answers end with it. */
  credentialId: z.string().max(64).optional(),
})
export type InternalClaims = z.infer<typeof InternalClaims>

/** Header `on-behalf-of` of background work, JSON. Only ng-manager takes it from pipeline-service, and its callees from ng-manager. */
export const OnBehalfOf = z.object({ accountId: z.string().max(64), principal: Principal })
export type OnBehalfOf = z.infer<typeof OnBehalfOf>

/** A row of `ng.access_bindings`. Absent org/project: the binding holds for everything below the account (org). */
export const AccessBinding = z.object({
  accountId: z.string(),
  principalType: PrincipalType,
  principalId: z.string(),
  role: Role,
  orgIdentifier: z.string().optional(),
  projectIdentifier: z.string().optional(),
})
export type AccessBinding = z.infer<typeof AccessBinding>
