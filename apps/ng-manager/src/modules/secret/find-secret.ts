import type { Principal } from '@sluice/contracts/access'
import { AppError } from '@sluice/contracts/errors'
import { describeScope, resolveReference, type Scope } from '@sluice/contracts/ids'
import type { SecretRef } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'

/** In whose name a step uses secrets: whoever started the run, and whoever wrote what it does. */
export interface SecretUsers {
  runner: Actor
  /** Undefined for runs of before this was kept. */
  editor: Principal | undefined
}

const Row = z.object({ id: z.string(), current_version: z.number() })

/**
 * Resolves a secret reference of a connector through the read grant on `ng.secret_metadata`. The value is never read
 * here: the delegate that holds the task opens it. A secret for connectors only is welcome, for this is one.
 * @throws AppError REFERENCE_NOT_FOUND, ACCESS_DENIED
 */
export async function findSecret(
  deps: Pick<Deps, 'pool' | 'access'>,
  { runner, editor }: SecretUsers,
  wanted: { reference: string; from: Scope; usedBy: string },
): Promise<SecretRef> {
  const { scope, identifier } = resolveReference(wanted.reference, wanted.from)
  const { rows } = await deps.pool.query(
    `select id, current_version from ng.secret_metadata
      where account_id = $1 and org_identifier is not distinct from $2
        and project_identifier is not distinct from $3 and identifier = $4`,
    [scope.accountId, scope.orgIdentifier ?? null, scope.projectIdentifier ?? null, identifier],
  )
  if (rows.length === 0) {
    throw new AppError(
      'REFERENCE_NOT_FOUND',
      `There is no secret "${identifier}" in ${describeScope(scope)}; ${wanted.usedBy} refers to it as "${wanted.reference}". Create the secret, or correct the reference.`,
      { details: { reference: wanted.reference, usedBy: wanted.usedBy } },
    )
  }
  await deps.access.require(runner, 'core_secret_access', scope)
  if (editor !== undefined) await requireEditor(deps, { ...runner, principal: editor, groups: [] }, scope, wanted)
  const { id, current_version: version } = Row.parse(rows[0])
  // The same name in every task of an execution, so that a pod knows a secret once.
  return { name: `secret.${id}.${version}`, secretId: id, version }
}

/** Else whoever may edit a pipeline, but not use a secret, would use it through the next person who runs it. */
async function requireEditor(
  deps: Pick<Deps, 'access'>,
  editor: Actor,
  scope: Scope,
  wanted: { reference: string; usedBy: string },
): Promise<void> {
  if (await deps.access.allows(editor, 'core_secret_access', scope)) return
  throw new AppError(
    'ACCESS_DENIED',
    `The pipeline was last saved by "${editor.principal.name}", who lacks the permission "core_secret_access" in ${describeScope(scope)}; ${wanted.usedBy} needs the secret "${wanted.reference}". Have somebody who holds it look at the pipeline and save it.`,
    { details: { permission: 'core_secret_access', scope, editor: editor.principal.id } },
  )
}
