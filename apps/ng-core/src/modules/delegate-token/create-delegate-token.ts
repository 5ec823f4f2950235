import type { DelegateToken, DelegateTokenInput } from '@sluice/contracts/delegates'
import { newId, type Scope } from '@sluice/contracts/ids'
import { mintDelegateToken } from '@sluice/delegate-protocol/tokens'
import { mapUniqueViolation, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { duplicate } from '../scope/entity-errors.ts'
import { requireScope, scopeColumns } from '../scope/require-scope.ts'
import { toDelegateToken } from './to-delegate-token.ts'

/**
 * Makes a token with which delegates enrol. Only the public key of the key pair that it stands for is stored; `value`
 * exists only in the answer.
 */
export async function createDelegateToken(
  deps: Pick<Deps, 'prisma'>,
  actor: Actor,
  scope: Scope,
  input: DelegateTokenInput,
): Promise<{ delegateToken: DelegateToken; value: string }> {
  const { accountId } = actor
  const id = newId('tok')
  const { token, publicKey } = mintDelegateToken({ accountId, tokenId: id })
  try {
    const delegateToken = await deps.prisma.$transaction(async (tx) => {
      await requireScope(tx, scope)
      const created = toDelegateToken(
        await tx.delegateToken.create({
          data: {
            ...scopeColumns(scope),
            id,
            name: input.name,
            publicKey,
            namePattern: input.namePattern,
            allowedTags: input.allowedTags,
            requiresApproval: input.requiresApproval,
          },
        }),
      )
      await appendAudit(tx, actor, {
        action: 'CREATE',
        resource: { type: 'delegateToken', identifier: id, name: input.name },
        scope,
        after: created,
      })
      return created
    })
    return { delegateToken, value: token }
  } catch (error) {
    return mapUniqueViolation(error, duplicate('delegate token', input.name, scope))
  }
}
