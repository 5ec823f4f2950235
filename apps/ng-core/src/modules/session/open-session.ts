import { newId } from '@sluice/contracts/ids'
import { resolveSetting } from '@sluice/contracts/settings'
import type { Tx } from '../../deps.ts'
import { readSettingRows } from '../setting/read-setting-rows.ts'
import { formatSessionToken, hashTokenSecret, newTokenSecret, sessionCookie } from './session-token.ts'

const HOUR_MS = 3_600_000

export interface OpenedSession {
  sessionId: string
  token: string
  expiresAt: number
}

/** Stores a new session of a user. Its token exists only in the answer. */
async function openSession(
  tx: Tx,
  user: { accountId: string; id: string },
  kind: 'cookie' | 'bearer',
  expiresAt: number,
): Promise<OpenedSession> {
  const { accountId } = user
  const id = newId('ses')
  const secret = newTokenSecret()
  await tx.session.create({
    data: {
      accountId,
      id,
      userId: user.id,
      kind,
      secretHash: hashTokenSecret(secret),
      expiresAt: new Date(expiresAt),
    },
    select: { id: true },
  })
  return { sessionId: id, token: formatSessionToken({ accountId, id, secret }), expiresAt }
}

/** Opens the browser's session and, if asked for, a bearer session of its own beside it. */
export async function openSessions(
  tx: Tx,
  user: { accountId: string; id: string },
  options: { bearer: boolean; now: number },
): Promise<{ cookie: string; bearer: string | undefined; expiresAt: number }> {
  const rows = await readSettingRows(tx, user.accountId)
  const lifetimeMs = resolveSetting(rows, 'session_lifetime_hours', {}) * HOUR_MS
  const expiresAt = options.now + lifetimeMs
  const browser = await openSession(tx, user, 'cookie', expiresAt)
  const bearer = options.bearer ? await openSession(tx, user, 'bearer', expiresAt) : undefined
  return { cookie: sessionCookie(browser.token, expiresAt, options.now), bearer: bearer?.token, expiresAt }
}
