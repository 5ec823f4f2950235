import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { SESSION_COOKIE } from '@sluice/contracts/auth'

/** Parts of `<account>.<session id>.<secret>` and of `pat.<account>.<key id>.<secret>`. */
export interface TokenParts {
  accountId: string
  id: string
  secret: string
}

const SESSION = /^([a-z0-9-]{1,64})\.(ses-[0-9a-z]{26})\.([A-Za-z0-9_-]{43})$/
const API_KEY = /^pat\.([a-z0-9-]{1,64})\.(key-[0-9a-z]{26})\.([A-Za-z0-9_-]{43})$/

function match(pattern: RegExp, value: string): TokenParts | undefined {
  const [, accountId, id, secret] = pattern.exec(value) ?? []
  return accountId === undefined || id === undefined || secret === undefined ? undefined : { accountId, id, secret }
}

export function parseSessionToken(value: string): TokenParts | undefined {
  return match(SESSION, value)
}

export function parseApiKey(value: string): TokenParts | undefined {
  return match(API_KEY, value)
}

export function formatSessionToken(parts: TokenParts): string {
  return `${parts.accountId}.${parts.id}.${parts.secret}`
}

export function formatApiKey(parts: TokenParts): string {
  return `pat.${parts.accountId}.${parts.id}.${parts.secret}`
}

/** 256 random bits, base64url. */
export function newTokenSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** SHA-256, hex: enough for a secret of 256 random bits, and quick. */
export function hashTokenSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Compares a secret with a stored hash in constant time. */
export function secretMatches(secret: string, storedHash: string | null): boolean {
  if (storedHash === null) return false
  const given = Buffer.from(hashTokenSecret(secret))
  const stored = Buffer.from(storedHash)
  return given.length === stored.length && timingSafeEqual(given, stored)
}

/** `set-cookie` text of a session; an empty value ends it in the browser. */
export function sessionCookie(value: string, expiresAt: number, now: number): string {
  const maxAgeS = value === '' ? 0 : Math.max(0, Math.floor((expiresAt - now) / 1000))
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=${maxAgeS}`
}

/** Value of the session cookie in a `cookie` header. */
export function sessionCookieOf(header: string | undefined): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2)
    if (name === SESSION_COOKIE && value !== undefined && value !== '') return value
  }
  return undefined
}
