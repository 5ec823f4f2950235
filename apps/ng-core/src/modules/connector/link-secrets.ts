import { secretReferencesOf, type ConnectorKind } from '@sluice/contracts/connectors'
import type { Scope } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import type { Deps, Tx } from '../../deps.ts'
import { resolveSecret, type ResolvedSecret } from '../secret/resolve-secret.ts'

/**
 * Finds every secret that a connector refers to, and makes sure that its author may use them.
 * @throws AppError REFERENCE_NOT_FOUND, ACCESS_DENIED
 */
export async function findConnectorSecrets(
  deps: Pick<Deps, 'prisma' | 'access'>,
  actor: Actor,
  scope: Scope,
  kind: ConnectorKind,
): Promise<ResolvedSecret[]> {
  return Promise.all(
    secretReferencesOf(kind).map(async ({ path, reference }) => {
      const secret = await resolveSecret(deps.prisma, reference, scope, path)
      await deps.access.require(actor, 'core_secret_access', secret.scope)
      return secret
    }),
  )
}

/** Records which secrets a connector uses, so that they can't be deleted meanwhile. */
export async function linkSecrets(
  tx: Tx,
  connector: { accountId: string; id: string },
  secrets: readonly ResolvedSecret[],
): Promise<void> {
  const { accountId, id: connectorId } = connector
  await tx.connectorSecret.deleteMany({ where: { accountId, connectorId } })
  await tx.connectorSecret.createMany({
    data: secrets.map((secret) => ({ accountId, connectorId, secretId: secret.id })),
    skipDuplicates: true,
  })
}
