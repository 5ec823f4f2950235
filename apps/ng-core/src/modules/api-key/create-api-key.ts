import type { ApiKey } from '@sluice/contracts/api-keys'
import { AppError } from '@sluice/contracts/errors'
import { newId } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { formatApiKey, hashTokenSecret, newTokenSecret } from '../session/session-token.ts'
import { toApiKey } from './to-api-key.ts'

/** Makes a key that acts as the actor. `value` exists only in the answer. */
export async function createApiKey(
  deps: Pick<Deps, 'prisma'>,
  actor: Actor,
  input: { name: string; expiresAt?: number },
): Promise<{ apiKey: ApiKey; value: string }> {
  if (input.expiresAt !== undefined && input.expiresAt <= Date.now()) {
    throw new AppError(
      'INVALID_REQUEST',
      `The expiry ${input.expiresAt} is in the past. Give a later time in epoch milliseconds.`,
    )
  }
  const { accountId, principal } = actor
  const id = newId('key')
  const secret = newTokenSecret()
  const apiKey = await deps.prisma.$transaction(async (tx) => {
    const row = await tx.apiKey.create({
      data: {
        accountId,
        id,
        userId: principal.id,
        name: input.name,
        secretHash: hashTokenSecret(secret),
        expiresAt: input.expiresAt === undefined ? null : new Date(input.expiresAt),
      },
      include: { user: { select: { name: true } } },
    })
    const created = toApiKey(row)
    await appendAudit(tx, actor, {
      action: 'CREATE',
      resource: { type: 'apiKey', identifier: id, name: input.name },
      after: created,
    })
    return created
  })
  return { apiKey, value: formatApiKey({ accountId, id, secret }) }
}
