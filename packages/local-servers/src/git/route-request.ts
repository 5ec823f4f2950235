import { createHash, timingSafeEqual } from 'node:crypto'

const SERVICES = ['git-upload-pack', 'git-receive-pack'] as const
type GitService = (typeof SERVICES)[number]

/** What a request asks of git's own server program; all three are texts of ours, nothing of the request. */
export interface BackendCall {
  method: 'GET' | 'POST'
  /** Below the repository: `info/refs` or the service's name. */
  path: string
  query: string
  /** Reading is for everybody, pushing for the holder of the token. */
  needsToken: boolean
}

/**
 * The four requests of git's smart protocol to the one repository, compared as they are written: nothing is decoded and no
 * part of the address reaches a path.
 * @returns undefined for every other request
 */
export function routeRequest(
  repository: string,
  method: string | undefined,
  address: string | undefined,
): BackendCall | undefined {
  for (const service of SERVICES) {
    const needsToken = service === 'git-receive-pack'
    if (method === 'GET' && address === `/${repository}/info/refs?service=${service}`)
      return { method, path: 'info/refs', query: `service=${service}`, needsToken }
    if (method === 'POST' && address === `/${repository}/${service}`)
      return { method, path: service satisfies GitService, query: '', needsToken }
  }
  return undefined
}

/** Whether basic authentication carries the token; the user name may be any. */
export function holdsToken(authorization: string | undefined, token: string): boolean {
  const [, encoded = ''] = /^basic ([a-z0-9+/=]+)$/i.exec(authorization ?? '') ?? []
  const pair = Buffer.from(encoded, 'base64').toString('utf8')
  return timingSafeEqual(digest(pair.slice(pair.indexOf(':') + 1)), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
