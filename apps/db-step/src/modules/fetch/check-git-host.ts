import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { AppError } from '@sluice/contracts/errors'
import { isRefusedAddress } from '@sluice/drivers'

/**
 * Looks up the host of a git address and refuses link-local and metadata addresses, whoever asks.
 * @returns the addresses for git to connect to, so that the name can't point elsewhere a moment later; nothing where
 *   the name is not known here (behind a proxy it need not be, otherwise git says so itself).
 * @throws AppError URL_REFUSED
 */
export async function checkGitHost(url: string): Promise<{ addresses?: readonly string[] }> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const isLiteral = isIP(host) !== 0
  const found = isLiteral ? [{ address: host }] : await lookup(host, { all: true }).catch(() => [])
  const addresses = found.map(({ address }) => address)
  const refused = addresses.find(isRefusedAddress)
  if (refused !== undefined) {
    throw new AppError(
      'URL_REFUSED',
      `The git host "${host}" is ${refused}, a link-local or metadata address, which no delegate connects to. Put the host's own address into the connector.`,
    )
  }
  return isLiteral || addresses.length === 0 ? {} : { addresses }
}
