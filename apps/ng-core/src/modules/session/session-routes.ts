import {
  changePassword as changePasswordContract,
  endOtherSessions as endOthersContract,
  endSession as endContract,
  exchangeCredential as exchangeContract,
  listSessions as listContract,
  LockOutDetails,
  login as loginContract,
  logout as logoutContract,
} from '@sluice/contracts/auth'
import { isAppError } from '@sluice/contracts/errors'
import { clientAddress } from '@sluice/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Mount } from '../../routes.ts'
import { changePassword } from './change-password.ts'
import { endOtherSessions, endSession } from './end-sessions.ts'
import { exchangeCredential } from './exchange-credential.ts'
import { listSessions } from './list-sessions.ts'
import { login, type LoginResult } from './login.ts'
import { logout } from './logout.ts'
import { sessionCookie, sessionCookieOf } from './session-token.ts'

function presentedSession(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization?.startsWith('Bearer ') === true) return authorization.slice('Bearer '.length)
  return sessionCookieOf(request.headers.cookie)
}

function shown({ setCookie: _cookie, ...rest }: LoginResult): Omit<LoginResult, 'setCookie'> {
  return rest
}

/** Sets the cookie, or says in the header, too, when a lock ends. */
async function answer(reply: FastifyReply, work: Promise<LoginResult>): Promise<Omit<LoginResult, 'setCookie'>> {
  try {
    const result = await work
    reply.header('set-cookie', result.setCookie)
    return shown(result)
  } catch (error) {
    const lock = LockOutDetails.safeParse(isAppError(error) ? error.details : undefined)
    if (lock.success) reply.header('retry-after', lock.data.retryAfterSeconds)
    throw error
  }
}

export function mountSessionRoutes({ route, deps }: Mount): void {
  route(loginContract, ({ body, request, reply }) =>
    answer(
      reply,
      login(deps, body, {
        ip: clientAddress(request.headers),
        userAgent: request.headers['user-agent'],
        correlationId: request.id,
        oldSession: sessionCookieOf(request.headers.cookie),
      }),
    ),
  )
  route(logoutContract, async ({ request, reply }) => {
    await logout(deps, presentedSession(request), { ip: clientAddress(request.headers), correlationId: request.id })
    reply.header('set-cookie', sessionCookie('', 0, 0))
    return true
  })
  route(changePasswordContract, ({ actor, body, request, reply }) =>
    answer(reply, changePassword(deps, actor, body, request.headers['user-agent'])),
  )
  route(listContract, ({ actor }) => listSessions(deps, actor))
  route(endOthersContract, async ({ actor }) => ({ ended: await endOtherSessions(deps, actor) }))
  route(endContract, async ({ actor, params }) => {
    await endSession(deps, actor, params.identifier)
    return true
  })
  route(exchangeContract, ({ body }) => exchangeCredential(deps, body.credential))
}
