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

/** Longest text of a browser's name for itself that is kept. */
const USER_AGENT_MAX = 256

/** Where a session is opened from, for its owner to recognise it. */
export interface SessionSource {
  ip: string | undefined
  userAgent: string | undefined
}

/** Stores a new session of a user. Its token exists only in the answer. */
async function openSession(
  tx: Tx,
  user: { accountId: string; id: string },
  kind: 'cookie' | 'bearer',
  expiresAt: number,
  source: SessionSource,
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
      address: source.ip ?? null,
      userAgent: source.userAgent?.slice(0, USER_AGENT_MAX) ?? null,
    },
    select: { id: true },
  })
  return { sessionId: id, token: formatSessionToken({ accountId, id, secret }), expiresAt }
}

/** Opens the browser's session and, if asked for, a bearer session of its own beside it. */
export async function openSessions(
  tx: Tx,
  user: { accountId: string; id: string },
  options: { bearer: boolean; now: number; source: SessionSource },
): Promise<{ cookie: string; bearer: string | undefined; expiresAt: number }> {
  const rows = await readSettingRows(tx, user.accountId)
  const lifetimeMs = resolveSetting(rows, 'session_lifetime_hours', {}) * HOUR_MS
  const expiresAt = options.now + lifetimeMs
  const browser = await openSession(tx, user, 'cookie', expiresAt, options.source)
  const bearer = options.bearer ? await openSession(tx, user, 'bearer', expiresAt, options.source) : undefined
  return { cookie: sessionCookie(browser.token, expiresAt, options.now), bearer: bearer?.token, expiresAt }
}
