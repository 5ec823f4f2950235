import { AppError } from '@sluice/contracts/errors'
import type { Scope } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound } from '../scope/entity-errors.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { toDelegateToken } from './to-delegate-token.ts'

/** @throws AppError ENTITY_NOT_FOUND; INVALID_STATE for a token that is not revoked */
export async function deleteDelegateToken(
  deps: Pick<Deps, 'prisma'>,
  actor: Actor,
  scope: Scope,
  name: string,
): Promise<void> {
  const { accountId } = actor
  await deps.prisma.$transaction(async (tx) => {
    const before = await tx.delegateToken.findFirst({ where: { ...scopeColumns(scope), name } })
    if (before === null) throw notFound('delegate token', name, scope)
    if (before.status !== 'REVOKED') {
      throw new AppError('INVALID_STATE', `The delegate token "${name}" is active. Revoke it before you delete it.`)
    }
    await tx.delegateToken.deleteMany({ where: { accountId, id: before.id } })
    await appendAudit(tx, actor, {
      action: 'DELETE',
      resource: { type: 'delegateToken', identifier: before.id, name },
      scope,
      before: toDelegateToken(before),
    })
  })
}
