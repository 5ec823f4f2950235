import { AppError } from '@sluice/contracts/errors'
import type { Scope } from '@sluice/contracts/ids'
import type { Tx } from '../../deps.ts'

/** Org and project as a request names them. */
export interface ScopeInput {
  orgIdentifier?: string
  projectIdentifier?: string
}

/** Scope of a request in the actor's own account. A project without its organisation is refused. */
export function scopeIn(actor: { accountId: string }, input: ScopeInput | undefined): Scope {
  const scope = {
    accountId: actor.accountId,
    orgIdentifier: input?.orgIdentifier,
    projectIdentifier: input?.projectIdentifier,
  }
  if (scope.projectIdentifier !== undefined && scope.orgIdentifier === undefined) {
    throw new AppError(
      'INVALID_REQUEST',
      `The project "${scope.projectIdentifier}" needs its organisation: add orgIdentifier.`,
    )
  }
  return scope
}

/** Scope of a request whose body names it; the query may name it where the body doesn't. */
export function scopeOfBody(actor: { accountId: string }, body: ScopeInput, query: ScopeInput | undefined): Scope {
  const fromBody = body.orgIdentifier !== undefined || body.projectIdentifier !== undefined
  if (!fromBody) return scopeIn(actor, query)
  for (const part of ['orgIdentifier', 'projectIdentifier'] as const) {
    if (query?.[part] !== undefined && query[part] !== body[part]) {
      throw new AppError(
        'INVALID_REQUEST',
        `The query names the ${part} "${query[part]}" and the body "${body[part] ?? ''}". Name one of them.`,
      )
    }
  }
  return scopeIn(actor, body)
}

/** A scope as columns: absent parts are null. */
export function scopeColumns(scope: Scope): {
  accountId: string
  orgIdentifier: string | null
  projectIdentifier: string | null
} {
  return {
    accountId: scope.accountId,
    orgIdentifier: scope.orgIdentifier ?? null,
    projectIdentifier: scope.projectIdentifier ?? null,
  }
}

/** Columns as a scope's optional parts. */
export function scopeParts(row: { orgIdentifier: string | null; projectIdentifier: string | null }): ScopeInput {
  return {
    ...(row.orgIdentifier === null ? {} : { orgIdentifier: row.orgIdentifier }),
    ...(row.projectIdentifier === null ? {} : { projectIdentifier: row.projectIdentifier }),
  }
}

/** Conditions for rows of the scope itself, or also of the scopes above, which it can refer to. */
export function inScope(scope: Scope, options: { andAbove: boolean }) {
  const own = scopeColumns(scope)
  if (!options.andAbove) return own
  return {
    accountId: scope.accountId,
    OR: [
      { orgIdentifier: null, projectIdentifier: null },
      ...(own.orgIdentifier === null ? [] : [{ orgIdentifier: own.orgIdentifier, projectIdentifier: null }]),
      ...(own.projectIdentifier === null
        ? []
        : [{ orgIdentifier: own.orgIdentifier, projectIdentifier: own.projectIdentifier }]),
    ],
  }
}

/**
 * Makes sure that organisation and project exist.
 * @throws AppError ENTITY_NOT_FOUND naming the one that doesn't
 */
export async function requireScope(tx: Tx, scope: Scope): Promise<void> {
  const { accountId, orgIdentifier, projectIdentifier } = scope
  if (orgIdentifier === undefined) return
  if (projectIdentifier === undefined) {
    const organization = await tx.organization.findUnique({
      where: { accountId_identifier: { accountId, identifier: orgIdentifier } },
      select: { identifier: true },
    })
    if (organization) return
    throw new AppError('ENTITY_NOT_FOUND', `There is no organisation "${orgIdentifier}". Create it first.`)
  }
  const project = await tx.project.findUnique({
    where: {
      accountId_orgIdentifier_identifier: { accountId, orgIdentifier, identifier: projectIdentifier },
    },
    select: { identifier: true },
  })
  if (project) return
  throw new AppError(
    'ENTITY_NOT_FOUND',
    `There is no project "${projectIdentifier}" in the organisation "${orgIdentifier}". Create it first.`,
  )
}
