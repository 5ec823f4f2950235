import type { login as contract } from '@sluice/contracts/auth'
import { AppError } from '@sluice/contracts/errors'
import type { RouteBody } from '@sluice/contracts/routes'
import type { Deps, Tx } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { claimAttempt, claimUnknownAttempt, forgetFailures, lockedOut } from './lock-out.ts'
import { openSessions } from './open-session.ts'
import { verifyPassword } from './password.ts'
import { parseSessionToken, secretMatches } from './session-token.ts'

export interface LoginSource {
  ip: string | undefined
  userAgent: string | undefined
  correlationId: string
  /** Value of the session cookie that the request carried. */
  oldSession: string | undefined
}

export interface LoginResult {
  accountIdentifier: string
  principal: { type: 'USER'; id: string; name: string }
  token: string | undefined
  expiresAt: number
  setCookie: string
}

interface Candidate {
  accountId: string
  id: string
  name: string
  email: string
  passwordHash: string
}

/** The same for every reason, so that an answer tells nobody who exists. */
function refused(): AppError {
  return new AppError(
    'INVALID_CREDENTIALS',
    'The e-mail address or the password is wrong. Check both; if you belong to several accounts, add "accountIdentifier"; or ask an administrator to set a new password.',
  )
}

/**
 * Signs a user in: checks the password, ends the request's older session, opens new ones. An e-mail address that
 * belongs to several accounts means the oldest one where none is named: trying them all would let the administrator of
 * one account guess passwords of another past its lock-out.
 * @throws AppError INVALID_CREDENTIALS; TOO_MANY_REQUESTS with the time until the lock ends
 */
export async function login(
  deps: Pick<Deps, 'prisma' | 'publishRevocation'>,
  input: RouteBody<typeof contract>,
  source: LoginSource,
): Promise<LoginResult> {
  const user: Candidate | null = await deps.prisma.user.findFirst({
    where: { email: input.email, disabled: false, accountId: input.accountIdentifier },
    select: { accountId: true, id: true, name: true, email: true, passwordHash: true },
    orderBy: { createdAt: 'asc' },
  })
  if (user === null) {
    const { retryAfterSeconds } = await claimUnknownAttempt(deps.prisma, input)
    await verifyPassword(undefined, input.password)
    throw retryAfterSeconds === undefined ? refused() : lockedOut(retryAfterSeconds)
  }
  await requireMatch(deps, user, input.password, source)
  const principal = { type: 'USER' as const, id: user.id, name: user.name }
  const { opened, ended } = await deps.prisma.$transaction(async (tx) => {
    await forgetFailures(tx, user)
    const endedSession = await endOldSession(tx, source.oldSession)
    const sessions = await openSessions(tx, user, { bearer: input.bearer, now: Date.now(), source })
    await appendAudit(
      tx,
      { accountId: user.accountId, principal, correlationId: source.correlationId, ip: source.ip },
      { action: 'LOGIN', resource: { type: 'user', identifier: user.id, name: user.email } },
    )
    return { opened: sessions, ended: endedSession }
  })
  if (ended !== undefined) await deps.publishRevocation({ ...ended, kind: 'session' })
  return {
    accountIdentifier: user.accountId,
    principal,
    token: opened.bearer,
    expiresAt: opened.expiresAt,
    setCookie: opened.cookie,
  }
}

/** @throws AppError INVALID_CREDENTIALS, TOO_MANY_REQUESTS, once the attempt is audited */
async function requireMatch(
  deps: Pick<Deps, 'prisma'>,
  user: Candidate,
  password: string,
  source: LoginSource,
): Promise<void> {
  const { free, retryAfterSeconds } = await claimAttempt(deps.prisma, user)
  const right = await verifyPassword(user.passwordHash, password)
  if (free && right) return
  await deps.prisma.$transaction((tx) =>
    appendAudit(
      tx,
      {
        accountId: user.accountId,
        principal: { type: 'USER', id: user.id, name: user.name },
        correlationId: source.correlationId,
        ip: source.ip,
      },
      {
        action: 'LOGIN_FAILED',
        resource: { type: 'user', identifier: user.id, name: user.email },
        after: { reason: free ? 'wrong password' : 'locked' },
      },
    ),
  )
  throw retryAfterSeconds === undefined ? refused() : lockedOut(retryAfterSeconds)
}

/** A new sign-in never continues an older session: whoever planted its cookie gains nothing. */
async function endOldSession(
  tx: Tx,
  value: string | undefined,
): Promise<{ accountId: string; id: string } | undefined> {
  const parts = value === undefined ? undefined : parseSessionToken(value)
  if (parts === undefined) return undefined
  const { accountId, id } = parts
  const session = await tx.session.findUnique({ where: { accountId_id: { accountId, id } } })
  if (session === null || !secretMatches(parts.secret, session.secretHash)) return undefined
  await tx.session.delete({ where: { accountId_id: { accountId, id } }, select: { id: true } })
  return { accountId, id }
}
