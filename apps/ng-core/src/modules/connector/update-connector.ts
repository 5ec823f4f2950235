import type { ConnectorEnvelope, ConnectorInput } from '@sluice/contracts/connectors'
import { AppError } from '@sluice/contracts/errors'
import type { Scope } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound, requireVersion, versionConflict } from '../scope/entity-errors.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { findConnectorSecrets, linkSecrets } from './link-secrets.ts'
import { toConnector } from './to-connector.ts'

/**
 * Replaces a connector. What an earlier test found out no longer says anything, so its status is unknown again.
 * @throws AppError ENTITY_NOT_FOUND, VERSION_CONFLICT, REFERENCE_NOT_FOUND, ACCESS_DENIED
 */
export async function updateConnector(
  deps: Pick<Deps, 'prisma' | 'access'>,
  actor: Actor,
  scope: Scope,
  input: ConnectorInput,
  version: number | undefined,
): Promise<ConnectorEnvelope> {
  const { accountId } = actor
  const { identifier } = input
  const before = await deps.prisma.connector.findFirst({ where: { ...scopeColumns(scope), identifier } })
  if (before === null) throw notFound('connector', identifier, scope)
  requireVersion('connector', identifier, before.version, version)
  if (before.type !== input.type) {
    throw new AppError(
      'INVALID_REQUEST',
      `The connector "${identifier}" is of type "${before.type}" and can't become "${input.type}". Create another one.`,
    )
  }
  const secrets = await findConnectorSecrets(deps, actor, scope, input)
  return deps.prisma.$transaction(async (tx) => {
    const { count } = await tx.connector.updateMany({
      where: { accountId, id: before.id, version: before.version },
      data: {
        name: input.name,
        description: input.description,
        tags: input.tags,
        spec: input.spec,
        status: 'UNKNOWN',
        errorSummary: null,
        version: { increment: 1 },
        updatedAt: new Date(),
      },
    })
    if (count === 0) throw versionConflict('connector', identifier)
    await linkSecrets(tx, before, secrets)
    const after = toConnector(
      await tx.connector.findUniqueOrThrow({ where: { accountId_id: { accountId, id: before.id } } }),
    )
    await appendAudit(tx, actor, {
      action: 'UPDATE',
      resource: { type: 'connector', identifier, name: input.name },
      scope,
      before: toConnector(before).connector,
      after: after.connector,
    })
    return after
  })
}
