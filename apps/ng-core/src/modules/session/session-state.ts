/** What decides about a session at the moment its token is presented. Times in epoch ms. */
export interface SessionState {
  kind: 'cookie' | 'bearer'
  /** Which of its secrets was presented. */
  presented: 'current' | 'previous' | 'neither'
  rotatedAt: number
  confirmedAt: number | undefined
  lastUsedAt: number
  expiresAt: number
}

export type SessionVerdict =
  | { outcome: 'refuse'; reason: 'unknown' | 'expired' | 'idle' }
  /** A secret that was replaced long ago: somebody else has a copy of the cookie. */
  | { outcome: 'end' }
  | { outcome: 'accept'; rotate: boolean; confirm: boolean; touch: boolean }

/** A browser's secret is replaced this often while it is used. */
export const ROTATE_AFTER_MS = 15 * 60_000
/** Requests that were under way while the secret changed still carry the old one. */
export const GRACE_MS = 60_000
const TOUCH_AFTER_MS = 60_000

/**
 * Decides about a presented session token. The secret before a rotation stays good until the new one has been seen for
 * a minute: an answer that got lost on its way signs nobody out.
 */
export function judgeSession(session: SessionState, idleMs: number, now: number): SessionVerdict {
  if (session.presented === 'neither') return { outcome: 'refuse', reason: 'unknown' }
  if (session.expiresAt <= now) return { outcome: 'refuse', reason: 'expired' }
  if (session.lastUsedAt + idleMs <= now) return { outcome: 'refuse', reason: 'idle' }
  const touch = session.lastUsedAt + TOUCH_AFTER_MS <= now
  if (session.presented === 'previous') {
    if (session.confirmedAt !== undefined && session.confirmedAt + GRACE_MS < now) return { outcome: 'end' }
    const lost = session.confirmedAt === undefined && session.rotatedAt + GRACE_MS < now
    return { outcome: 'accept', rotate: lost, confirm: false, touch }
  }
  const confirm = session.confirmedAt === undefined
  const rotate = session.kind === 'cookie' && session.rotatedAt + ROTATE_AFTER_MS <= now
  return { outcome: 'accept', rotate, confirm, touch }
}
