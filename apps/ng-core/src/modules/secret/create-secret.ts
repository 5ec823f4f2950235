import { newId, scopeKey, type Scope } from '@sluice/contracts/ids'
import type { SecretEnvelope, SecretInput } from '@sluice/contracts/secrets'
import { assertMaskable, encryptSecret } from '@sluice/secrets'
import { mapUniqueViolation, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { duplicate } from '../scope/entity-errors.ts'
import { requireScope, scopeColumns } from '../scope/require-scope.ts'
import { toSecret } from './to-secret.ts'

/**
 * Seals a value with a data key of its own and stores it.
 * @throws AppError SECRET_TOO_SHORT, DUPLICATE_IDENTIFIER; ENTITY_NOT_FOUND for the organisation or project
 */
export async function createSecret(
  deps: Pick<Deps, 'prisma' | 'keys'>,
  actor: Actor,
  scope: Scope,
  input: SecretInput,
): Promise<SecretEnvelope> {
  const { accountId } = actor
  assertMaskable(input.spec.value, input.identifier)
  await requireScope(deps.prisma, scope)
  const id = newId('sec')
  const address = { accountId, scope: scopeKey(scope), id, version: 1 }
  const record = await encryptSecret(deps.keys, address, input.spec.value)
  try {
    return await deps.prisma.$transaction(async (tx) => {
      const row = await tx.secret.create({
        data: {
          ...scopeColumns(scope),
          id,
          identifier: input.identifier,
          name: input.name,
          description: input.description,
          tags: input.tags,
          type: input.type,
          connectorsOnly: input.spec.connectorsOnly,
        },
      })
      await tx.secretVersion.create({ data: { accountId, secretId: id, ...record }, select: { version: true } })
      const created = toSecret(row)
      await appendAudit(tx, actor, {
        action: 'CREATE',
        resource: { type: 'secret', identifier: input.identifier, name: input.name },
        scope,
        after: created,
      })
      return created
    })
  } catch (error) {
    return mapUniqueViolation(error, duplicate('secret', input.identifier, scope))
  }
}
