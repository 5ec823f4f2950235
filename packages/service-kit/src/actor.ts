import type { IncomingHttpHeaders } from 'node:http'
import { OnBehalfOf, type Principal } from '@sluice/contracts/access'
import { AppError } from '@sluice/contracts/errors'
import type { ServiceName } from '@sluice/contracts/network'
import type { TokenVerifier } from './tokens.ts'

/** Header that carries NG Core's internal token from hop to hop. */
export const TOKEN_HEADER = 'x-sluice-token'
/** Header of background work, JSON of `OnBehalfOf`. */
export const ON_BEHALF_OF_HEADER = 'on-behalf-of'
/**
 * Set by every hop that only hands a request on, with its own name. Such a request is somebody else's: the neighbour that
 * opened the connection does not speak in it, whatever other headers say or leave out.
 */
export const FORWARDED_HEADER = 'x-sluice-forwarded-by'

/** Header in which the gateway, and every hop behind it, says where a request came from. */
export const CLIENT_ADDRESS_HEADER = 'x-forwarded-for'

/** Address of the caller as the gateway saw it. For listeners that only peers reach: anybody else writes what he likes. */
export function clientAddress(headers: IncomingHttpHeaders): string | undefined {
  const address = headers[CLIENT_ADDRESS_HEADER]
  return typeof address === 'string' ? address.slice(0, 64) : undefined
}

/** Who acts in a request, in which account. */
export interface Actor {
  accountId: string
  principal: Principal
  groups: string[]
  /** -1 where no token tells it. */
  accessVersion: number
  featureFlags: string[]
  /** Session or API key behind the token. */
  credentialId?: string
  correlationId: string
  source: 'token' | 'on-behalf-of'
  /** Address that the request came from, as the gateway saw it; undefined for background work. */
  ip?: string
  /** The internal token, handed on to the next hop. */
  token?: string
}

/** Who may speak for somebody without a token: background work along the table's edges. */
const ON_BEHALF_OF_PEERS: Partial<Record<ServiceName, readonly ServiceName[]>> = {
  'ng-manager': ['pipeline-service'],
  'dbdevops-service': ['ng-manager'],
  'scm-service': ['ng-manager'],
}

export interface ReadActorOptions {
  service: ServiceName
  peer: ServiceName | undefined
  headers: IncomingHttpHeaders
  correlationId: string
  verifier: TokenVerifier | undefined
}

/**
 * Reads the actor of a request: the internal token if there is one, else `on-behalf-of` from a peer that may send it.
 * @returns undefined where neither header is present.
 * @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, PEER_NOT_ALLOWED
 */
export async function readActor(options: ReadActorOptions): Promise<Actor | undefined> {
  const token = options.headers[TOKEN_HEADER]
  if (typeof token === 'string' && options.verifier !== undefined) {
    const claims = await options.verifier.verify(token)
    // On a public listener the header is the caller's own claim.
    const ip = options.peer === undefined ? undefined : clientAddress(options.headers)
    return { ...claims, correlationId: options.correlationId, source: 'token', ip, token }
  }
  const onBehalfOf = options.headers[ON_BEHALF_OF_HEADER]
  if (typeof onBehalfOf !== 'string') return undefined
  const allowed = ON_BEHALF_OF_PEERS[options.service] ?? []
  if (options.peer === undefined || !allowed.includes(options.peer)) {
    throw new AppError('PEER_NOT_ALLOWED', `"${options.peer ?? 'nobody'}" may not act on behalf of others here.`)
  }
  let json: unknown
  try {
    json = JSON.parse(onBehalfOf)
  } catch (error) {
    throw new AppError('INVALID_TOKEN', 'The on-behalf-of header is not JSON.', { cause: error })
  }
  const parsed = OnBehalfOf.safeParse(json)
  if (!parsed.success)
    throw new AppError('INVALID_TOKEN', 'The on-behalf-of header does not name an account and a principal.')
  return {
    ...parsed.data,
    groups: [],
    accessVersion: -1,
    featureFlags: [],
    correlationId: options.correlationId,
    source: 'on-behalf-of',
  }
}
