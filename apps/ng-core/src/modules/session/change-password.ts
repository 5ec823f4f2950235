import { AppError } from '@sluice/contracts/errors'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { claimAttempt, lockedOut } from './lock-out.ts'
import type { LoginResult } from './login.ts'
import { openSessions } from './open-session.ts'
import { hashPassword, verifyPassword } from './password.ts'

/**
 * Changes the actor's own password, ends all of its sessions and opens new ones.
 * @throws AppError INVALID_CREDENTIALS where the current password is wrong; TOO_MANY_REQUESTS while the user is locked out
 */
export async function changePassword(
  deps: Pick<Deps, 'prisma' | 'publishRevocation'>,
  actor: Actor,
  input: { currentPassword: string; newPassword: string; bearer: boolean },
  userAgent: string | undefined,
): Promise<LoginResult> {
  const { accountId, principal } = actor
  const user = await deps.prisma.user.findUnique({ where: { accountId_id: { accountId, id: principal.id } } })
  if (user === null) throw new AppError('ENTITY_NOT_FOUND', 'Your user is gone. Sign in again.')
  const { retryAfterSeconds } = await claimAttempt(deps.prisma, user)
  const right = await verifyPassword(user.passwordHash, input.currentPassword)
  if (retryAfterSeconds !== undefined) throw lockedOut(retryAfterSeconds)
  if (!right) throw new AppError('INVALID_CREDENTIALS', 'The current password is wrong. Type it again.')
  if (input.newPassword.toLowerCase() === user.email) {
    throw new AppError('INVALID_REQUEST', 'The new password must not be your e-mail address. Choose another.')
  }
  const passwordHash = await hashPassword(input.newPassword)
  const opened = await deps.prisma.$transaction(async (tx) => {
    await tx.session.deleteMany({ where: { accountId, userId: user.id } })
    await tx.user.update({
      where: { accountId_id: { accountId, id: user.id } },
      data: { passwordHash, failedLogins: 0, lockedUntil: null, version: { increment: 1 } },
      select: { id: true },
    })
    const sessions = await openSessions(tx, user, {
      bearer: input.bearer,
      now: Date.now(),
      source: { ip: actor.ip, userAgent },
    })
    await appendAudit(tx, actor, {
      action: 'UPDATE',
      resource: { type: 'user', identifier: user.id, name: user.email },
      after: { password: 'changed' },
    })
    return sessions
  })
  await deps.publishRevocation({ accountId, kind: 'session', id: user.id })
  return {
    accountIdentifier: accountId,
    principal: { type: 'USER', id: user.id, name: user.name },
    token: opened.bearer,
    expiresAt: opened.expiresAt,
    setCookie: opened.cookie,
  }
}
