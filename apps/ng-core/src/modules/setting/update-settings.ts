import { AppError } from '@sluice/contracts/errors'
import { scopeKey, type Scope } from '@sluice/contracts/ids'
import type { RouteBody } from '@sluice/contracts/routes'
import {
  SETTING_IDENTIFIERS,
  SETTINGS,
  type Setting,
  type SettingSpec,
  type updateSettings as contract,
} from '@sluice/contracts/settings'
import type { Actor } from '@sluice/service-kit'
import type { Deps, Tx } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { requireScope, scopeColumns } from '../scope/require-scope.ts'
import { effectiveSettings, levelOf } from './list-settings.ts'
import { readSettingRows } from './read-setting-rows.ts'

type Change = RouteBody<typeof contract>[number]

function specOf(identifier: string): SettingSpec {
  const known = SETTING_IDENTIFIERS.find((candidate) => candidate === identifier)
  if (known !== undefined) return SETTINGS[known]
  throw new AppError(
    'INVALID_REQUEST',
    `There is no setting "${identifier}". There are: ${SETTING_IDENTIFIERS.join(', ')}.`,
  )
}

/**
 * Sets or restores settings of one scope, all or none.
 * @throws AppError INVALID_REQUEST for unknown settings and values; INVALID_STATE where a scope above forbids overrides
 */
export async function updateSettings(
  deps: Pick<Deps, 'prisma'>,
  actor: Actor,
  scope: Scope,
  changes: readonly Change[],
): Promise<Setting[]> {
  return deps.prisma.$transaction(async (tx) => {
    await requireScope(tx, scope)
    const before = effectiveSettings(await readSettingRows(tx, scope.accountId), scope)
    for (const change of changes) {
      const current = before.find((setting) => setting.identifier === change.identifier)
      // One connection, and few changes.
      // oxlint-disable-next-line no-await-in-loop
      await applyChange(tx, scope, change, current)
    }
    const after = effectiveSettings(await readSettingRows(tx, scope.accountId), scope)
    await appendAudit(tx, actor, {
      action: 'UPDATE',
      resource: { type: 'settings', identifier: scopeKey(scope) },
      scope,
      before: Object.fromEntries(changes.map(({ identifier }) => [identifier, find(before, identifier)])),
      after: Object.fromEntries(changes.map(({ identifier }) => [identifier, find(after, identifier)])),
    })
    return after
  })
}

function find(settings: readonly Setting[], identifier: string): unknown {
  const setting = settings.find((candidate) => candidate.identifier === identifier)
  return setting && { value: setting.value, source: setting.source, allowOverrides: setting.allowOverrides }
}

async function applyChange(tx: Tx, scope: Scope, change: Change, current: Setting | undefined): Promise<void> {
  const spec = specOf(change.identifier)
  const key = { accountId: scope.accountId, scopeKey: scopeKey(scope), identifier: change.identifier }
  if (change.updateType === 'RESTORE') {
    await tx.setting.deleteMany({ where: key })
    return
  }
  const level = levelOf(scope)
  if (!spec.levels.includes(level)) {
    throw new AppError(
      'INVALID_REQUEST',
      `The setting "${change.identifier}" can't be set at the level "${level}", only at: ${spec.levels.join(', ')}.`,
    )
  }
  if (current?.editable === false) {
    throw new AppError(
      'INVALID_STATE',
      `The setting "${change.identifier}" is fixed at the level "${current.source}". Ask its administrator to allow overrides.`,
    )
  }
  const value = spec.schema.safeParse(change.value)
  if (!value.success) {
    throw new AppError(
      'INVALID_REQUEST',
      `The value of the setting "${change.identifier}" is not valid: ${value.error.issues.map((issue) => issue.message).join('; ')}.`,
    )
  }
  const data = { value: change.value, allowOverrides: change.allowOverrides }
  await tx.setting.upsert({
    where: { accountId_scopeKey_identifier: key },
    create: { ...key, ...scopeColumns(scope), ...data },
    update: data,
  })
}
