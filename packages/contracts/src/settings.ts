import { z } from 'zod'
import type { Scope } from './ids.ts'
import { defineRoute, ScopeQuery } from './routes.ts'

/** Every setting: its schema, default, and the levels it can be set at. */
export const SETTINGS = {
  session_lifetime_hours: {
    schema: z
      .number()
      .int()
      .min(1)
      .max(24 * 30),
    default: 12,
    levels: ['account'],
    name: 'Session lifetime',
    unit: 'hours',
    description: 'Hours after which a session ends, whatever happens in it.',
  },
  session_idle_minutes: {
    schema: z
      .number()
      .int()
      .min(5)
      .max(7 * 24 * 60),
    default: 240,
    levels: ['account'],
    name: 'Idle time of a session',
    unit: 'minutes',
    description: 'Minutes without a request after which a session ends.',
  },
  delegate_queue_timeout_seconds: {
    schema: z.number().int().min(5).max(86_400),
    default: 60,
    levels: ['account', 'org', 'project'],
    name: 'Wait for a delegate',
    unit: 'seconds',
    description: 'Seconds that a task waits for a delegate before it fails.',
  },
} as const satisfies Record<string, SettingSpec>

export interface SettingSpec {
  schema: z.ZodType
  default: unknown
  levels: readonly ('account' | 'org' | 'project')[]
  name: string
  /** Of a number. */
  unit?: string
  description: string
}
export type SettingIdentifier = keyof typeof SETTINGS
export type SettingValue<Key extends SettingIdentifier> = z.output<(typeof SETTINGS)[Key]['schema']>

/** Identifiers of all settings, in the order of {@link SETTINGS}. */
export const SETTING_IDENTIFIERS = Object.keys(SETTINGS).filter((key): key is SettingIdentifier => key in SETTINGS)

/** A row of `ng.settings`. */
export interface SettingRow {
  orgIdentifier: string | null
  projectIdentifier: string | null
  identifier: string
  value: unknown
  allowOverrides: boolean
}

function levelOf(row: SettingRow): number {
  if (row.orgIdentifier === null) return 0
  return row.projectIdentifier === null ? 1 : 2
}

function reaches(row: SettingRow, scope: Pick<Scope, 'orgIdentifier' | 'projectIdentifier'>): boolean {
  if (row.orgIdentifier !== null && row.orgIdentifier !== scope.orgIdentifier) return false
  return row.projectIdentifier === null || row.projectIdentifier === scope.projectIdentifier
}

/**
 * The row that holds for `scope` among one account's rows: the nearest one, unless a scope above forbids overrides.
 * @returns undefined where the default holds.
 */
export function effectiveSettingRow(
  rows: readonly SettingRow[],
  identifier: SettingIdentifier,
  scope: Pick<Scope, 'orgIdentifier' | 'projectIdentifier'>,
): SettingRow | undefined {
  const candidates = rows
    .filter((row) => row.identifier === identifier && reaches(row, scope))
    .toSorted((one, other) => levelOf(one) - levelOf(other))
  return candidates.find((row) => !row.allowOverrides) ?? candidates.at(-1)
}

/** Effective value of a setting in a scope. A stored value that no longer fits the schema counts as the default. */
export function resolveSetting<Key extends SettingIdentifier>(
  rows: readonly SettingRow[],
  identifier: Key,
  scope: Pick<Scope, 'orgIdentifier' | 'projectIdentifier'>,
): SettingValue<Key>
export function resolveSetting(
  rows: readonly SettingRow[],
  identifier: SettingIdentifier,
  scope: Pick<Scope, 'orgIdentifier' | 'projectIdentifier'>,
): unknown {
  const spec: SettingSpec = SETTINGS[identifier]
  const row = effectiveSettingRow(rows, identifier, scope)
  const parsed = spec.schema.safeParse(row?.value)
  return parsed.success ? parsed.data : spec.default
}

export const Setting = z
  .object({
    identifier: z.string(),
    name: z.string(),
    description: z.string(),
    /** Of a number: hours, seconds. */
    unit: z.string().optional(),
    /** JSON Schema of the value: `type`, and for numbers `minimum` and `maximum`. */
    schema: z.record(z.string(), z.unknown()),
    /** Where it can be set. */
    levels: z.array(z.enum(['account', 'org', 'project'])),
    value: z.unknown(),
    defaultValue: z.unknown(),
    /** Where the value comes from. */
    source: z.enum(['default', 'account', 'org', 'project']),
    /** False: a scope above forbids to override it. */
    editable: z.boolean(),
    allowOverrides: z.boolean(),
  })
  .meta({ id: 'Setting' })
export type Setting = z.infer<typeof Setting>

export const listSettings = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/settings',
  operationId: 'listSettings',
  summary: 'Effective settings of a scope',
  tag: 'Settings',
  auth: 'permission',
  permission: 'core_setting_view',
  query: ScopeQuery,
  response: z.array(Setting),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'ACCESS_DENIED'],
})

export const updateSettings = defineRoute({
  service: 'ng-core',
  method: 'PUT',
  path: '/ng/api/settings',
  operationId: 'updateSettings',
  summary: 'Set or restore settings of a scope',
  tag: 'Settings',
  auth: 'permission',
  permission: 'core_setting_edit',
  query: ScopeQuery,
  body: z
    .array(
      z.discriminatedUnion('updateType', [
        z.object({
          updateType: z.literal('UPDATE'),
          identifier: z.string().max(128),
          value: z.union([z.string().max(4096), z.number(), z.boolean()]),
          allowOverrides: z.boolean().default(true),
        }),
        z.object({ updateType: z.literal('RESTORE'), identifier: z.string().max(128) }),
      ]),
    )
    .min(1)
    .max(64),
  response: z.array(Setting),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'INVALID_REQUEST', 'INVALID_STATE', 'ACCESS_DENIED'],
})
