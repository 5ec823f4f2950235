import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'

/** Whether the session or API key behind an actor's token still stands. Without one there is nothing that could end. */
export async function isCredentialAlive(deps: Pick<Deps, 'prisma'>, actor: Actor): Promise<boolean> {
  const { accountId, credentialId: id } = actor
  if (id === undefined) return true
  const now = new Date()
  const found = id.startsWith('key-')
    ? await deps.prisma.apiKey.count({
        where: { accountId, id, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
      })
    : await deps.prisma.session.count({ where: { accountId, id, expiresAt: { gt: now } } })
  return found > 0
}
