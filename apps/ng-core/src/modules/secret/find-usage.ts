import type { SecretEnvelope, SecretUsage } from '@sluice/contracts/secrets'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { scopeParts } from '../scope/require-scope.ts'
import { visibleScopes, type VisibleScopes } from '../scope/visible-scopes.ts'

/** Connectors that are named of each secret. */
const NAMED_MAX = 20

/** Conditions for rows in scopes where the actor has any role: every role may look at connectors. */
function visibleIn(visible: VisibleScopes) {
  if (visible.everything) return {}
  return { OR: [{ orgIdentifier: { in: visible.organizations } }, ...visible.projects] }
}

/** Adds to secrets of one account which connectors refer to them. Those that the actor may not see are only counted. */
export async function withUsage(
  deps: Pick<Deps, 'prisma' | 'pool'>,
  actor: Actor,
  secrets: readonly { id: string; told: SecretEnvelope }[],
): Promise<SecretUsage[]> {
  const { accountId } = actor
  const secretId = { in: secrets.map(({ id }) => id) }
  const visible = await visibleScopes(deps, actor)
  const [uses, counts] = await Promise.all([
    deps.prisma.connectorSecret.findMany({
      where: { accountId, secretId, connector: visibleIn(visible) },
      select: {
        secretId: true,
        connector: {
          select: { identifier: true, name: true, type: true, orgIdentifier: true, projectIdentifier: true },
        },
      },
      orderBy: [{ connector: { identifier: 'asc' } }, { connectorId: 'asc' }],
      take: NAMED_MAX * secrets.length,
    }),
    deps.prisma.connectorSecret.groupBy({ by: ['secretId'], where: { accountId, secretId }, _count: true }),
  ])
  return secrets.map(({ id, told }) => ({
    ...told,
    usedBy: uses
      .filter((use) => use.secretId === id)
      .slice(0, NAMED_MAX)
      .map(({ connector: { identifier, name, type, ...scope } }) => ({ identifier, name, type, ...scopeParts(scope) })),
    usedByCount: counts.find((count) => count.secretId === id)?._count ?? 0,
  }))
}
