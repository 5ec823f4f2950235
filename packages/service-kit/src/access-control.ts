import { allows, allowsSomewhere, bindingsOf, rolesHolding } from '@sluice/access'
import { AccessBinding, type Permission } from '@sluice/contracts/access'
import { AppError } from '@sluice/contracts/errors'
import { describeScope, type Scope } from '@sluice/contracts/ids'
import type { Actor } from './actor.ts'

export interface AccessControl {
  /** @throws AppError ACCESS_DENIED that names the permission and the scope. */
  require(actor: Actor, permission: Permission, scope: Scope): Promise<void>
  allows(actor: Actor, permission: Permission, scope: Scope): Promise<boolean>
  /** True if the actor holds the permission in any scope of its account. */
  allowsSomewhere(actor: Actor, permission: Permission): Promise<boolean>
  /** @throws AppError ACCESS_DENIED if the principal has no role at all any more (disabled, removed). */
  requireActive(actor: Actor): Promise<void>
}

export type LoadBindings = (accountId: string) => Promise<AccessBinding[]>

/** Age at which bindings read for background work are read again: it carries no access version. */
const BACKGROUND_CACHE_MS = 5_000
const ACCOUNTS_CACHED_MAX = 500

/** Evaluates permissions in this process, over bindings cached by the access version that the token carries. */
export function createAccessControl(deps: { loadBindings: LoadBindings }): AccessControl {
  const cache = new Map<string, { bindings: AccessBinding[]; version: number; readAt: number }>()

  const bindingsFor = async (actor: Actor): Promise<AccessBinding[]> => {
    const known = cache.get(actor.accountId)
    const fresh = known !== undefined && Date.now() - known.readAt < BACKGROUND_CACHE_MS
    if (known !== undefined && (actor.source === 'token' ? known.version >= actor.accessVersion : fresh)) {
      return known.bindings
    }
    const bindings = await deps.loadBindings(actor.accountId)
    if (cache.size >= ACCOUNTS_CACHED_MAX) cache.clear()
    const version = Math.max(known?.version ?? -1, actor.accessVersion)
    cache.set(actor.accountId, { bindings, version, readAt: Date.now() })
    return bindings
  }

  const control: AccessControl = {
    async allows(actor, permission, scope) {
      return allows(await bindingsFor(actor), actor, permission, scope)
    },
    async allowsSomewhere(actor, permission) {
      return allowsSomewhere(await bindingsFor(actor), actor, permission)
    },
    async require(actor, permission, scope) {
      if (await control.allows(actor, permission, scope)) return
      const roles = rolesHolding(permission)
      const named = roles.map((role) => `"${role}"`).join(' or ')
      throw new AppError(
        'ACCESS_DENIED',
        `"${actor.principal.name}" lacks the permission "${permission}" in ${describeScope(scope)}. Ask an administrator of the account for the role ${named} there.`,
        { details: { permission, scope, roles } },
      )
    },
    async requireActive(actor) {
      if (bindingsOf(await bindingsFor(actor), actor).length > 0) return
      throw new AppError(
        'ACCESS_DENIED',
        `"${actor.principal.name}" is no longer active in this account. Ask an administrator to enable the user again, or let somebody else run this.`,
      )
    },
  }
  return control
}

interface Queryable {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>
}

const BindingRow = AccessBinding.extend({
  orgIdentifier: AccessBinding.shape.orgIdentifier.nullable(),
  projectIdentifier: AccessBinding.shape.projectIdentifier.nullable(),
})

/** Reads `ng.access_bindings`, the read grant that every service has. */
export function loadAccessBindings(pool: Queryable): LoadBindings {
  return async (accountId) => {
    const { rows } = await pool.query(
      `select account_id as "accountId", principal_type as "principalType", principal_id as "principalId", role,
              org_identifier as "orgIdentifier", project_identifier as "projectIdentifier"
         from ng.access_bindings where account_id = $1`,
      [accountId],
    )
    return rows.map((row) => {
      const { orgIdentifier, projectIdentifier, ...rest } = BindingRow.parse(row)
      return { ...rest, orgIdentifier: orgIdentifier ?? undefined, projectIdentifier: projectIdentifier ?? undefined }
    })
  }
}
