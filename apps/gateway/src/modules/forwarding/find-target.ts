import type { ServiceName } from '@sluice/contracts/network'
import { GATEWAY_PREFIXES } from '@sluice/contracts/routes'

export interface Target {
  service: ServiceName
  /** Path at the service, without the query. */
  path: string
}

const BY_LENGTH = [...GATEWAY_PREFIXES].toSorted((one, other) => other.prefix.length - one.prefix.length)

/**
 * Longest prefix of the gateway's table that holds `path` on a segment boundary. Paths that climb (`..`, also
 * percent-encoded) or hold a second slash in a row lead nowhere: the prefix that was checked must be the one served.
 */
export function findTarget(path: string): Target | undefined {
  if (/\/\/|\\|(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|%2f|%5c|%00/i.test(path)) return undefined
  for (const { prefix, service, target } of BY_LENGTH) {
    if (path === prefix || path.startsWith(`${prefix}/`)) return { service, path: target + path.slice(prefix.length) }
  }
  return undefined
}
