import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '@sluice/contracts/errors'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

export interface OriginCheck {
  method: string
  headers: IncomingHttpHeaders
  /** Host of the request, as the client named it. */
  host: string
  publicOrigin: string | undefined
}

/** Where the browser says the request comes from: this site, another, or nothing said (not a browser). */
function originOf(check: OriginCheck): 'same' | 'other' | 'unsaid' {
  const { origin } = check.headers
  if (origin !== undefined) {
    return origin === check.publicOrigin || origin === `https://${check.host}` ? 'same' : 'other'
  }
  const site = check.headers['sec-fetch-site']
  if (site === undefined) return 'unsaid'
  return site === 'same-origin' ? 'same' : 'other'
}

/**
 * Refuses changes that another site makes with a browser's cookie. The cookie is SameSite=Strict already; this holds
 * where a browser or a sibling domain undoes that.
 * @param rides whether the request is authenticated by the cookie alone
 * @throws AppError CSRF_REJECTED
 */
export function requireSameOrigin(check: OriginCheck, rides: boolean): void {
  if (SAFE_METHODS.has(check.method)) return
  const origin = originOf(check)
  if (origin === 'same' || (origin === 'unsaid' && !rides)) return
  // With a credential of its own in a header, a request can't be forged by another site.
  if (!rides) return
  throw new AppError(
    'CSRF_REJECTED',
    'This change came with a browser session but not from this site. Use the pages of this site, or send an API key in the x-api-key header.',
  )
}

/** Refuses to sign a browser in for another site. Scripts and terminals say no origin and pass. */
export function requireNoForeignOrigin(check: OriginCheck): void {
  if (originOf(check) !== 'other') return
  throw new AppError('CSRF_REJECTED', 'Another site tried to sign this browser in. Sign in on this site.')
}
