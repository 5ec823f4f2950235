import { AppError, isAppError } from '@sluice/contracts/errors'
import { LOG_TOKEN_AUDIENCE, LogTokenClaims } from '@sluice/contracts/logs'
import { verifyServiceToken, type ServiceIdentity } from '@sluice/service-kit'
import type { StreamOwner } from './stream-store.ts'

export interface LogTokenReader {
  /**
   * Checks the log token of a request and that it covers `key`.
   * @throws AppError LOG_TOKEN_INVALID
   */
  read(authorization: string | undefined, key: string): Promise<StreamOwner>
}

/** Verified tokens kept; a lite engine sends the same one with every batch. */
const KEPT_MAX = 5_000

interface Verified {
  claims: LogTokenClaims
  /** Epoch ms. */
  expiresAt: number
}

/** Reads log tokens: JWTs that ng-manager signs for one key prefix. */
export function createLogTokenReader(identity: ServiceIdentity): LogTokenReader {
  const verified = new Map<string, Verified>()

  const verify = async (token: string): Promise<Verified> => {
    const known = verified.get(token)
    if (known !== undefined) return known
    const payload = await verifyServiceToken({ identity, token, issuer: 'ng-manager', audience: LOG_TOKEN_AUDIENCE })
    const claims = LogTokenClaims.safeParse(payload)
    const expiresAt = Number(payload['exp']) * 1000
    if (!claims.success || Number.isNaN(expiresAt)) throw refused('it names no log')
    if (verified.size >= KEPT_MAX) verified.clear()
    const fresh = { claims: claims.data, expiresAt }
    verified.set(token, fresh)
    return fresh
  }

  return {
    async read(authorization, key) {
      const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1]
      if (token === undefined) throw refused('send it as "authorization: Bearer <log token>"')
      let found: Verified
      try {
        found = await verify(token)
      } catch (error) {
        if (!isAppError(error) || error.code === 'LOG_TOKEN_INVALID') throw error
        throw refused(error.code === 'EXPIRED_TOKEN' ? 'it has expired' : 'ng-manager did not sign it', error)
      }
      if (found.expiresAt <= Date.now()) {
        verified.delete(token)
        throw refused('it has expired')
      }
      const { accountId, orgIdentifier, projectIdentifier } = found.claims
      if (!covers(found.claims, key) || !key.startsWith(`${accountId}/`))
        throw refused(`it does not cover the log "${key}"`)
      return { accountId, key, orgIdentifier, projectIdentifier, writableUntil: new Date(found.expiresAt) }
    },
  }
}

function covers({ prefix, within }: LogTokenClaims, key: string): boolean {
  const folder = prefix.endsWith('/') ? prefix : `${prefix}/`
  if (within === undefined) return key === prefix || key.startsWith(folder)
  return within.some((name) => key.startsWith(`${folder}${name}/`))
}

function refused(reason: string, cause?: unknown): AppError {
  return new AppError(
    'LOG_TOKEN_INVALID',
    `The log token is not valid here: ${reason}. Its pod writes no more to this log; run the step again for a new one.`,
    { cause },
  )
}
