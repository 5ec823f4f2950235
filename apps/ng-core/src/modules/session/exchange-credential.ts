import type { InternalClaims } from '@sluice/contracts/access'
import type { Credential } from '@sluice/contracts/auth'
import { AppError } from '@sluice/contracts/errors'
import { resolveSetting } from '@sluice/contracts/settings'
import { INTERNAL_AUDIENCE, signAsService } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { FEATURE_FLAGS } from '@sluice/contracts/accounts'
import { readSettingRows } from '../setting/read-setting-rows.ts'
import { judgeSession } from './session-state.ts'
import {
  formatSessionToken,
  hashTokenSecret,
  newTokenSecret,
  parseApiKey,
  parseSessionToken,
  secretMatches,
  sessionCookie,
  type TokenParts,
} from './session-token.ts'

/** A request may pass four services within this time. */
const INTERNAL_TOKEN_S = 60
const MINUTE_MS = 60_000

type ExchangeDeps = Pick<Deps, 'prisma' | 'identity' | 'publishRevocation'>

export interface ExchangedCredential {
  token: string
  expiresAt: number
  accountId: string
  credentialId: string
  setCookie?: string
}

interface Holder {
  accountId: string
  userId: string
  userName: string
  setCookie?: string
}

function invalid(
  sentence = 'You are not signed in, or the session or API key has ended. Log in, or send another key.',
): AppError {
  return new AppError('INVALID_TOKEN', sentence)
}

/**
 * Exchanges a session, bearer token or API key for the internal token that services trust for a minute.
 * @throws AppError INVALID_TOKEN, EXPIRED_TOKEN
 */
export async function exchangeCredential(deps: ExchangeDeps, credential: Credential): Promise<ExchangedCredential> {
  const now = Date.now()
  // `authorization: Bearer` carries either kind.
  const isApiKey = credential.type !== 'session' && credential.value.startsWith('pat.')
  const parts = isApiKey ? parseApiKey(credential.value) : parseSessionToken(credential.value)
  if (parts === undefined) throw invalid()
  const holder = isApiKey
    ? await holderOfApiKey(deps, parts, now)
    : await holderOfSession(deps, parts, credential.type === 'session' ? 'cookie' : 'bearer', now)
  const [account, flags] = await Promise.all([
    deps.prisma.account.findUniqueOrThrow({ where: { id: holder.accountId }, select: { accessVersion: true } }),
    deps.prisma.featureFlag.findMany({ where: { accountId: holder.accountId } }),
  ])
  const claims: InternalClaims = {
    accountId: holder.accountId,
    principal: { type: 'USER', id: holder.userId, name: holder.userName },
    groups: [],
    accessVersion: account.accessVersion,
    featureFlags: FEATURE_FLAGS.filter((name) => flags.find((flag) => flag.name === name)?.enabled !== false),
    credentialId: parts.id,
  }
  const token = await signAsService(deps.identity, {
    audience: INTERNAL_AUDIENCE,
    claims,
    expiresInS: INTERNAL_TOKEN_S,
    subject: holder.userId,
  })
  return {
    token,
    expiresAt: now + INTERNAL_TOKEN_S * 1000,
    accountId: holder.accountId,
    credentialId: parts.id,
    ...(holder.setCookie === undefined ? {} : { setCookie: holder.setCookie }),
  }
}

async function holderOfApiKey(deps: ExchangeDeps, parts: TokenParts, now: number): Promise<Holder> {
  const { accountId, id } = parts
  const key = await deps.prisma.apiKey.findUnique({
    where: { accountId_id: { accountId, id } },
    include: { user: { select: { id: true, name: true, disabled: true } } },
  })
  if (key === null || !secretMatches(parts.secret, key.secretHash) || key.revokedAt !== null || key.user.disabled) {
    throw invalid('The API key is not valid: it is unknown, revoked, or its user is disabled. Make another one.')
  }
  if (key.expiresAt !== null && key.expiresAt.getTime() <= now) {
    throw new AppError('EXPIRED_TOKEN', `The API key "${key.name}" has expired. Make another one.`)
  }
  if (key.lastUsedAt === null || key.lastUsedAt.getTime() + MINUTE_MS <= now) {
    await deps.prisma.apiKey.updateMany({ where: { accountId, id }, data: { lastUsedAt: new Date(now) } })
  }
  return { accountId, userId: key.user.id, userName: key.user.name }
}

async function holderOfSession(
  deps: ExchangeDeps,
  parts: TokenParts,
  kind: 'cookie' | 'bearer',
  now: number,
): Promise<Holder> {
  const { accountId, id } = parts
  const [session, settings] = await Promise.all([
    deps.prisma.session.findUnique({
      where: { accountId_id: { accountId, id } },
      include: { user: { select: { id: true, name: true, disabled: true } } },
    }),
    readSettingRows(deps.prisma, accountId),
  ])
  if (session === null || session.kind !== kind || session.user.disabled) throw invalid()
  const current = secretMatches(parts.secret, session.secretHash)
  const previous = secretMatches(parts.secret, session.previousSecretHash)
  const verdict = judgeSession(
    {
      kind,
      presented: current ? 'current' : previous ? 'previous' : 'neither',
      rotatedAt: session.rotatedAt.getTime(),
      confirmedAt: session.confirmedAt?.getTime(),
      lastUsedAt: session.lastUsedAt.getTime(),
      expiresAt: session.expiresAt.getTime(),
    },
    resolveSetting(settings, 'session_idle_minutes', {}) * MINUTE_MS,
    now,
  )
  const holder: Holder = { accountId, userId: session.user.id, userName: session.user.name }
  if (verdict.outcome === 'end') {
    await deps.prisma.session.deleteMany({ where: { accountId, id } })
    await deps.publishRevocation({ accountId, kind: 'session', id })
    throw invalid('This session was used with an outdated cookie and has been ended. Log in again.')
  }
  if (verdict.outcome === 'refuse') {
    if (verdict.reason === 'unknown') throw invalid()
    throw new AppError('EXPIRED_TOKEN', 'The session has ended after its time or without use. Log in again.')
  }
  if (verdict.rotate) {
    const setCookie = await rotate(deps, session, current, now)
    return setCookie === undefined ? holder : { ...holder, setCookie }
  }
  if (verdict.confirm || verdict.touch) {
    await deps.prisma.session.updateMany({
      where: { accountId, id },
      data: { lastUsedAt: new Date(now), ...(verdict.confirm ? { confirmedAt: new Date(now) } : {}) },
    })
  }
  return holder
}

/**
 * Replaces the secret of a browser's session. Of several requests at once one wins; the others go on with the
 * secret they came with, which stays good for a while.
 */
async function rotate(
  deps: Pick<Deps, 'prisma'>,
  session: { accountId: string; id: string; secretHash: string; previousSecretHash: string | null; expiresAt: Date },
  presentedCurrent: boolean,
  now: number,
): Promise<string | undefined> {
  const { accountId, id } = session
  const secret = newTokenSecret()
  const { count } = await deps.prisma.session.updateMany({
    where: { accountId, id, secretHash: session.secretHash },
    data: {
      secretHash: hashTokenSecret(secret),
      // Where the browser never got the last secret, the one it holds stays the previous one.
      previousSecretHash: presentedCurrent ? session.secretHash : session.previousSecretHash,
      rotatedAt: new Date(now),
      confirmedAt: null,
      lastUsedAt: new Date(now),
    },
  })
  if (count === 0) return undefined
  return sessionCookie(formatSessionToken({ accountId, id, secret }), session.expiresAt.getTime(), now)
}
