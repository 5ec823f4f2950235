import type { ServiceName } from '@sluice/contracts/network'
import { GATEWAY_PREFIXES } from '@sluice/contracts/routes'

export interface Target {
  service: ServiceName
  /** Path at the service, without the query. */
  path: string
}

const BY_LENGTH = [...GATEWAY_PREFIXES].toSorted((one, other) => other.prefix.length - one.prefix.length)

/**
 * A percent-encoded letter, digit, `-`, `.`, `_` or `~`, which no honest client sends (RFC 3986, 2.3). The services behind
 * decode it, so `%6cogin` would be served as `login` after it was judged as something else.
 */
const ENCODED_UNRESERVED = /%(?:2d|2e|3[0-9]|4[1-9a-f]|5[0-9a]|5f|6[1-9a-f]|7[0-9a]|7e)/i

/**
 * Longest prefix of the gateway's table that holds `path` on a segment boundary. Paths that climb (`..`, also
 * percent-encoded) or hold a second slash in a row lead nowhere: the prefix that was checked must be the one served.
 */
export function findTarget(path: string): Target | undefined {
  if (ENCODED_UNRESERVED.test(path)) return undefined
  if (/\/\/|\\|(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|%2f|%5c|%00/i.test(path)) return undefined
  for (const { prefix, service, target } of BY_LENGTH) {
    if (path === prefix || path.startsWith(`${prefix}/`)) return { service, path: target + path.slice(prefix.length) }
  }
  return undefined
}

/** Path and query of a request's URL; the query is everything after the first question mark. */
export function splitUrl(url: string): { path: string; query: string | undefined } {
  const mark = url.indexOf('?')
  return mark < 0 ? { path: url, query: undefined } : { path: url.slice(0, mark), query: url.slice(mark + 1) }
}
