import type { ConnectorEnvelope, ConnectorInput } from '@sluice/contracts/connectors'
import { newId, type Scope } from '@sluice/contracts/ids'
import { mapUniqueViolation, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { duplicate } from '../scope/entity-errors.ts'
import { requireScope, scopeColumns } from '../scope/require-scope.ts'
import { findConnectorSecrets, linkSecrets } from './link-secrets.ts'
import { toConnector } from './to-connector.ts'

/** @throws AppError DUPLICATE_IDENTIFIER, REFERENCE_NOT_FOUND, ACCESS_DENIED, ENTITY_NOT_FOUND */
export async function createConnector(
  deps: Pick<Deps, 'prisma' | 'access'>,
  actor: Actor,
  scope: Scope,
  input: ConnectorInput,
): Promise<ConnectorEnvelope> {
  const { accountId } = actor
  await requireScope(deps.prisma, scope)
  const secrets = await findConnectorSecrets(deps, actor, scope, input)
  try {
    return await deps.prisma.$transaction(async (tx) => {
      const row = await tx.connector.create({
        data: {
          ...scopeColumns(scope),
          id: newId('cnr'),
          identifier: input.identifier,
          name: input.name,
          description: input.description,
          tags: input.tags,
          type: input.type,
          spec: input.spec,
        },
      })
      await linkSecrets(tx, { accountId, id: row.id }, secrets)
      const created = toConnector(row)
      await appendAudit(tx, actor, {
        action: 'CREATE',
        resource: { type: 'connector', identifier: input.identifier, name: input.name },
        scope,
        after: created.connector,
      })
      return created
    })
  } catch (error) {
    return mapUniqueViolation(error, duplicate('connector', input.identifier, scope))
  }
}
