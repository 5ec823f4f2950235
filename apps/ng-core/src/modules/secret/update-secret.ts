import { AppError } from '@sluice/contracts/errors'
import { scopeKey, type Scope } from '@sluice/contracts/ids'
import type { SecretEnvelope, SecretUpdate } from '@sluice/contracts/secrets'
import { assertMaskable, encryptSecret } from '@sluice/secrets'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound, requireVersion, versionConflict } from '../scope/entity-errors.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { toSecret } from './to-secret.ts'

/**
 * Changes what is told about a secret and, where a value is given, stores it as a new version. Older versions are kept:
 * tasks on their way name the version they were made with.
 * @throws AppError ENTITY_NOT_FOUND, VERSION_CONFLICT, SECRET_TOO_SHORT
 */
export async function updateSecret(
  deps: Pick<Deps, 'prisma' | 'keys'>,
  actor: Actor,
  scope: Scope,
  identifier: string,
  input: SecretUpdate,
  version: number | undefined,
): Promise<SecretEnvelope> {
  const { accountId } = actor
  if (input.identifier !== identifier) {
    throw new AppError(
      'INVALID_REQUEST',
      `The path names the secret "${identifier}" and the body "${input.identifier}". Identifiers never change: name the same in both.`,
    )
  }
  const { value } = input.spec
  if (value !== undefined) assertMaskable(value, identifier)
  const before = await deps.prisma.secret.findFirst({ where: { ...scopeColumns(scope), identifier } })
  if (before === null) throw notFound('secret', identifier, scope)
  requireVersion('secret', identifier, before.version, version)
  const { id } = before
  const next = before.currentVersion + 1
  const record =
    value === undefined
      ? undefined
      : await encryptSecret(deps.keys, { accountId, scope: scopeKey(scope), id, version: next }, value)
  return deps.prisma.$transaction(async (tx) => {
    const { count } = await tx.secret.updateMany({
      where: { accountId, id, version: before.version },
      data: {
        name: input.name,
        description: input.description,
        tags: input.tags,
        connectorsOnly: input.spec.connectorsOnly,
        version: { increment: 1 },
        ...(record === undefined ? {} : { currentVersion: next }),
      },
    })
    if (count === 0) throw versionConflict('secret', identifier)
    if (record !== undefined) {
      await tx.secretVersion.create({ data: { accountId, secretId: id, ...record }, select: { version: true } })
    }
    const after = toSecret(await tx.secret.findUniqueOrThrow({ where: { accountId_id: { accountId, id } } }))
    await appendAudit(tx, actor, {
      action: 'UPDATE',
      resource: { type: 'secret', identifier, name: after.secret.name },
      scope,
      before: toSecret(before),
      after: { ...after, ...(record === undefined ? {} : { value: 'changed' }) },
    })
    return after
  })
}
