import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '@sluice/contracts/errors'

/** Headers and query parameter in which a request may name its account, as published. */
const ACCOUNT_HEADERS = ['harness-account', 'sluice-account'] as const
const ACCOUNT_PARAMETERS = ['accountIdentifier', 'accountId'] as const

/**
 * A request that names an account must name the one it is signed in to; another one does not exist.
 * @throws AppError ENTITY_NOT_FOUND
 */
export function requireOwnAccount(headers: IncomingHttpHeaders, query: URLSearchParams, accountId: string): void {
  const named = [
    ...ACCOUNT_HEADERS.map((header) => headers[header]),
    ...ACCOUNT_PARAMETERS.map((parameter) => query.get(parameter)),
  ]
  const other = named.find((value) => typeof value === 'string' && value !== accountId)
  if (other === undefined || other === null) return
  throw new AppError(
    'ENTITY_NOT_FOUND',
    `There is no account "${String(other).slice(0, 64)}" for you. Leave the account out, or name your own.`,
  )
}
