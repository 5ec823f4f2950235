import type { IncomingHttpHeaders } from 'node:http'
import { SESSION_COOKIE, type Credential } from '@sluice/contracts/auth'

/** Longer than any credential of ours. */
const CREDENTIAL_MAX = 512

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2)
    if (key === name && value !== undefined && value !== '') return value
  }
  return undefined
}

/**
 * The credential of a request: an API key before a bearer token before the session cookie. What is too long to be one
 * of ours is cut to something that is none.
 */
export function readCredential(headers: IncomingHttpHeaders): Credential | undefined {
  const apiKey = headers['x-api-key']
  if (typeof apiKey === 'string' && apiKey !== '') return { type: 'apiKey', value: apiKey.slice(0, CREDENTIAL_MAX) }
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return { type: 'bearer', value: bearer.slice(0, CREDENTIAL_MAX) }
  const session = cookieValue(headers.cookie, SESSION_COOKIE)
  if (session !== undefined) return { type: 'session', value: session.slice(0, CREDENTIAL_MAX) }
  return undefined
}
