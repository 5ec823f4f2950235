import {
  changePassword as changePasswordContract,
  exchangeCredential as exchangeContract,
  login as loginContract,
  logout as logoutContract,
} from '@sluice/contracts/auth'
import { clientAddress } from '@sluice/service-kit'
import type { FastifyRequest } from 'fastify'
import type { Mount } from '../../routes.ts'
import { changePassword } from './change-password.ts'
import { exchangeCredential } from './exchange-credential.ts'
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

export function mountSessionRoutes({ route, deps }: Mount): void {
  route(loginContract, async ({ body, request, reply }) => {
    const result = await login(deps, body, {
      ip: clientAddress(request.headers),
      correlationId: request.id,
      oldSession: sessionCookieOf(request.headers.cookie),
    })
    reply.header('set-cookie', result.setCookie)
    return shown(result)
  })
  route(logoutContract, async ({ request, reply }) => {
    await logout(deps, presentedSession(request), { ip: clientAddress(request.headers), correlationId: request.id })
    reply.header('set-cookie', sessionCookie('', 0, 0))
    return true
  })
  route(changePasswordContract, async ({ actor, body, reply }) => {
    const result = await changePassword(deps, actor, body)
    reply.header('set-cookie', result.setCookie)
    return shown(result)
  })
  route(exchangeContract, ({ body }) => exchangeCredential(deps, body.credential))
}
