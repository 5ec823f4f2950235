import type { Scope } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound } from '../scope/entity-errors.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { toConnector } from './to-connector.ts'

/** @throws AppError ENTITY_NOT_FOUND */
export async function deleteConnector(
  deps: Pick<Deps, 'prisma'>,
  actor: Actor,
  scope: Scope,
  identifier: string,
): Promise<void> {
  await deps.prisma.$transaction(async (tx) => {
    const before = await tx.connector.findFirst({ where: { ...scopeColumns(scope), identifier } })
    if (before === null) throw notFound('connector', identifier, scope)
    const { count } = await tx.connector.deleteMany({ where: { accountId: before.accountId, id: before.id } })
    if (count === 0) throw notFound('connector', identifier, scope)
    await appendAudit(tx, actor, {
      action: 'DELETE',
      resource: { type: 'connector', identifier, name: before.name },
      scope,
      before: toConnector(before).connector,
    })
  })
}
