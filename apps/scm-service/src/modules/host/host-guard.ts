import type { LookupAddress } from 'node:dns'
import { AppError } from '@sluice/contracts/errors'
import type { ScmRefusal } from '@sluice/contracts/scm'
import { isPublicAddress } from './public-address.ts'

/** A repository that may be called, and the addresses it was approved for. */
export interface ApprovedHost {
  url: string
  /** `host:port:address,address`: git is held to these, so that a second lookup can't answer otherwise. */
  pin: string
}

export interface HostGuardDeps {
  allowedHosts: readonly string[]
  lookup: (host: string) => Promise<LookupAddress[]>
}

/**
 * Decides whether this service may call the host of a repository: one of the public internet, or one that the operator
 * listed. Every address of the name must be public.
 * @returns the refusal where it may not, or where the name has no address
 * @throws AppError URL_REFUSED for what is not a plain HTTPS URL of a repository
 */
export async function approveHost(deps: HostGuardDeps, text: string): Promise<ApprovedHost | ScmRefusal> {
  const url = readRepositoryUrl(text)
  // IPv6 in brackets.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  let addresses: LookupAddress[]
  try {
    addresses = await deps.lookup(host)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return refuse('UNREACHABLE', `The host "${url.hostname}" can't be found from here (${reason}).`)
  }
  if (addresses.length === 0) return refuse('UNREACHABLE', `The host "${url.hostname}" has no address.`)
  const inside = addresses.find(({ address }) => !isPublicAddress(address))
  if (inside !== undefined && !deps.allowedHosts.includes(host)) {
    return refuse(
      'HOST_REFUSED',
      `The host "${url.hostname}" is not on the public internet, so the control plane does not call it. Let the connector connect through a delegate, or ask the operator to allow the host.`,
    )
  }
  const list = addresses.map(({ address, family }) => (family === 6 ? `[${address}]` : address)).join(',')
  return { url: url.href, pin: `${url.hostname}:${url.port === '' ? '443' : url.port}:${list}` }
}

function readRepositoryUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:') {
    throw new AppError('URL_REFUSED', 'The address of the repository must begin with "https://".')
  }
  if (url.username !== '' || url.password !== '') {
    throw new AppError(
      'URL_REFUSED',
      `The address of the repository at "${url.host}" holds credentials. Put them into a connector.`,
    )
  }
  if (url.search !== '' || url.hash !== '' || url.pathname === '/') {
    throw new AppError(
      'URL_REFUSED',
      `"${url.origin}${url.pathname}" must be the address of a repository, without "?" or "#".`,
    )
  }
  return url
}

function refuse(reason: ScmRefusal['reason'], message: string): ScmRefusal {
  return { resolved: false, reason, message }
}
