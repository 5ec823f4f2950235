import type { DelegateToken } from '@sluice/contracts/delegates'
import type { Scope } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound } from '../scope/entity-errors.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { toDelegateToken } from './to-delegate-token.ts'

/** Revokes a token; delegate-service disconnects who enrolled with it. Again is fine. @throws AppError ENTITY_NOT_FOUND */
export async function revokeDelegateToken(
  deps: Pick<Deps, 'prisma' | 'publishRevocation'>,
  actor: Actor,
  scope: Scope,
  name: string,
): Promise<DelegateToken> {
  const { accountId } = actor
  const token = await deps.prisma.$transaction(async (tx) => {
    const before = await tx.delegateToken.findFirst({ where: { ...scopeColumns(scope), name } })
    if (before === null) throw notFound('delegate token', name, scope)
    if (before.status === 'REVOKED') return toDelegateToken(before)
    const after = toDelegateToken(
      await tx.delegateToken.update({
        where: { accountId_id: { accountId, id: before.id } },
        data: { status: 'REVOKED', revokedAt: new Date() },
      }),
    )
    await appendAudit(tx, actor, {
      action: 'REVOKE',
      resource: { type: 'delegateToken', identifier: before.id, name },
      scope,
      before: toDelegateToken(before),
      after,
    })
    return after
  })
  await deps.publishRevocation({ accountId, kind: 'delegateToken', id: token.identifier })
  return token
}
