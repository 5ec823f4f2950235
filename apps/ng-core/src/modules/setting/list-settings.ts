import type { Scope } from '@sluice/contracts/ids'
import {
  effectiveSettingRow,
  resolveSetting,
  SETTING_IDENTIFIERS,
  SETTINGS,
  type Setting,
  type SettingRow,
  type SettingSpec,
} from '@sluice/contracts/settings'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { requireScope } from '../scope/require-scope.ts'
import { readSettingRows } from './read-setting-rows.ts'

/** Level of a scope, as settings name it. */
export function levelOf(scope: Pick<Scope, 'orgIdentifier' | 'projectIdentifier'>): 'account' | 'org' | 'project' {
  if (scope.projectIdentifier !== undefined) return 'project'
  return scope.orgIdentifier === undefined ? 'account' : 'org'
}

function levelOfRow(row: SettingRow): 'account' | 'org' | 'project' {
  if (row.projectIdentifier !== null) return 'project'
  return row.orgIdentifier === null ? 'account' : 'org'
}

/** JSON Schema of a setting's value, without what only validators of whole documents need. */
function schemaOf(spec: SettingSpec): Record<string, unknown> {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(spec.schema)
  return schema
}

/** Effective settings of a scope, from an account's rows. */
export function effectiveSettings(rows: readonly SettingRow[], scope: Scope): Setting[] {
  const level = levelOf(scope)
  return SETTING_IDENTIFIERS.map((identifier) => {
    const spec: SettingSpec = SETTINGS[identifier]
    const row = effectiveSettingRow(rows, identifier, scope)
    const source = row === undefined ? 'default' : levelOfRow(row)
    return {
      identifier,
      name: spec.name,
      description: spec.description,
      ...(spec.unit === undefined ? {} : { unit: spec.unit }),
      schema: schemaOf(spec),
      levels: [...spec.levels],
      value: resolveSetting(rows, identifier, scope),
      defaultValue: spec.default,
      source,
      editable: spec.levels.includes(level) && (row === undefined || source === level || row.allowOverrides),
      allowOverrides: row?.allowOverrides ?? true,
    }
  })
}

/** @throws AppError ENTITY_NOT_FOUND for an unknown organisation or project */
export async function listSettings(deps: Pick<Deps, 'prisma'>, scope: Scope): Promise<Setting[]> {
  await requireScope(deps.prisma, scope)
  return effectiveSettings(await readSettingRows(deps.prisma, scope.accountId), scope)
}
