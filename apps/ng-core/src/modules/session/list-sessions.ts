import type { Session } from '@sluice/contracts/auth'
import { resolveSetting } from '@sluice/contracts/settings'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { readSettingRows } from '../setting/read-setting-rows.ts'

const MINUTE_MS = 60_000
/** Far more than anybody has; scripts that sign in at every call open many. */
const SHOWN_MAX = 200

/** The actor's own sessions that still let somebody in, last used first. */
export async function listSessions(deps: Pick<Deps, 'prisma'>, actor: Actor): Promise<Session[]> {
  const { accountId, principal } = actor
  const idleMs = resolveSetting(await readSettingRows(deps.prisma, accountId), 'session_idle_minutes', {}) * MINUTE_MS
  const now = Date.now()
  const rows = await deps.prisma.session.findMany({
    where: {
      accountId,
      userId: principal.id,
      expiresAt: { gt: new Date(now) },
      lastUsedAt: { gt: new Date(now - idleMs) },
    },
    orderBy: [{ lastUsedAt: 'desc' }, { id: 'desc' }],
    take: SHOWN_MAX,
  })
  return rows.map((row) => ({
    identifier: row.id,
    kind: row.kind === 'cookie' ? 'BROWSER' : 'TOKEN',
    current: row.id === actor.credentialId,
    createdAt: row.createdAt.getTime(),
    lastUsedAt: row.lastUsedAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
    address: row.address ?? undefined,
    userAgent: row.userAgent ?? undefined,
  }))
}
