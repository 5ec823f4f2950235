import { AppError } from '@sluice/contracts/errors'
import type { Scope } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound } from '../scope/entity-errors.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { toSecret } from './to-secret.ts'

/** Connectors that a refusal names. */
const NAMED_MAX = 5

/**
 * Deletes a secret with all its versions.
 * @throws AppError ENTITY_NOT_FOUND; ENTITY_IN_USE naming the connectors that refer to it
 */
export async function deleteSecret(
  deps: Pick<Deps, 'prisma'>,
  actor: Actor,
  scope: Scope,
  identifier: string,
): Promise<void> {
  await deps.prisma.$transaction(async (tx) => {
    const secret = await tx.secret.findFirst({
      where: { ...scopeColumns(scope), identifier },
      include: { usedBy: { include: { connector: { select: { identifier: true } } }, take: NAMED_MAX } },
    })
    if (secret === null) throw notFound('secret', identifier, scope)
    const { accountId, id } = secret
    const users = secret.usedBy.map((use) => use.connector.identifier)
    if (users.length > 0) throw inUse(identifier, users)
    try {
      await tx.secret.deleteMany({ where: { accountId, id } })
    } catch (error) {
      // A connector began to refer to it between the two statements.
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'P2003') throw inUse(identifier, [])
      throw error
    }
    await appendAudit(tx, actor, {
      action: 'DELETE',
      resource: { type: 'secret', identifier, name: secret.name },
      scope,
      before: toSecret(secret),
    })
  })
}

function inUse(identifier: string, connectors: string[]): AppError {
  const named = connectors.map((connector) => `"${connector}"`).join(', ')
  return new AppError(
    'ENTITY_IN_USE',
    `The secret "${identifier}" is used by ${named === '' ? 'a connector' : `the connectors ${named}`}. Change or delete them first.`,
    { details: { connectors } },
  )
}
