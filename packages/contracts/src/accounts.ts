import { z } from 'zod'
import { defineRoute } from './routes.ts'

/** Switches of an account. All are on unless somebody turned them off. */
export const FEATURE_FLAGS = ['DBOPS_ENABLED'] as const
export const FeatureFlag = z.enum(FEATURE_FLAGS)
export type FeatureFlag = z.infer<typeof FeatureFlag>

export const FEATURE_FLAG_DESCRIPTIONS: Readonly<Record<FeatureFlag, string>> = {
  DBOPS_ENABLED: 'Database DevOps: DB schemas, DB instances and the steps that change databases.',
}

export const FeatureFlagState = z
  .object({ name: FeatureFlag, enabled: z.boolean(), description: z.string() })
  .meta({ id: 'FeatureFlagState' })

export const Account = z
  .object({
    identifier: z.string(),
    name: z.string(),
    featureFlags: z.array(FeatureFlagState),
    createdAt: z.number().int(),
  })
  .meta({ id: 'Account' })
export type Account = z.infer<typeof Account>

export const getCurrentAccount = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/accounts/current',
  operationId: 'getCurrentAccount',
  summary: 'The account you are signed in to, with its feature flags',
  tag: 'Account',
  auth: 'principal',
  response: Account,
  family: 'ng',
  errors: [],
})

export const updateFeatureFlag = defineRoute({
  service: 'ng-core',
  method: 'PUT',
  path: '/ng/api/accounts/current/feature-flags/:name',
  operationId: 'updateFeatureFlag',
  summary: 'Turn a feature of the account on or off',
  tag: 'Account',
  auth: 'permission',
  permission: 'core_account_edit',
  params: z.object({ name: FeatureFlag }),
  body: z.object({ enabled: z.boolean() }),
  response: FeatureFlagState,
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})
