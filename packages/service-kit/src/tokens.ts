import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { InternalClaims } from '@sluice/contracts/access'
import { AppError } from '@sluice/contracts/errors'
import { serviceUri, type ServiceName } from '@sluice/contracts/network'
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import { splitCertificates, uriNames, type ServiceIdentity } from './identity.ts'

/** Audience of NG Core's internal tokens. */
export const INTERNAL_AUDIENCE = 'sluice-internal'

/** The certificate itself, without those that may follow it in its file. */
function pemBody(pem: string): string {
  const [own = pem] = splitCertificates(pem)
  return own.replace(/-----(BEGIN|END) CERTIFICATE-----/g, '').replace(/\s/g, '')
}

export interface SignAsServiceOptions {
  audience: string
  claims: Record<string, unknown>
  /** Seconds. */
  expiresInS: number
  subject?: string
}

/**
 * Signs a JWT (ES256) with the service's own mutual-TLS key and puts its certificate into `x5c`,
 * so that any holder of the CA can verify who signed it.
 */
export async function signAsService(identity: ServiceIdentity, options: SignAsServiceOptions): Promise<string> {
  const { cert, key } = identity.credentials()
  const token = new SignJWT(options.claims)
    .setProtectedHeader({ alg: 'ES256', x5c: [pemBody(cert)] })
    .setAudience(options.audience)
    .setIssuedAt()
    .setExpirationTime(`${options.expiresInS}s`)
  if (options.subject !== undefined) token.setSubject(options.subject)
  return await token.sign(createPrivateKey(key))
}

/** Verified signer certificates by fingerprint of the certificate and the CA; a chain check costs about 0.3 ms. */
const verifiedSigners = new Map<string, { certificate: X509Certificate; expiresAt: number }>()

function signerOf(token: string, ca: string, issuer: ServiceName, now: number): X509Certificate {
  const encoded = decodeProtectedHeader(token).x5c?.[0]
  if (encoded === undefined) throw new AppError('INVALID_TOKEN', 'The token carries no certificate.')
  const cacheKey = createHash('sha256').update(encoded).update(ca).update(issuer).digest('base64')
  const known = verifiedSigners.get(cacheKey)
  if (known !== undefined && known.expiresAt > now) return known.certificate
  const certificate = new X509Certificate(Buffer.from(encoded, 'base64'))
  const authorities = splitCertificates(ca).map((pem) => new X509Certificate(pem))
  const expiresAt = Date.parse(certificate.validTo)
  const valid =
    authorities.some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey)) &&
    Date.parse(certificate.validFrom) <= now &&
    expiresAt > now
  if (!valid || !uriNames(certificate.subjectAltName).includes(serviceUri(issuer))) {
    throw new AppError('INVALID_TOKEN', `The token was not signed by ${issuer}.`)
  }
  if (verifiedSigners.size > 256) verifiedSigners.clear()
  verifiedSigners.set(cacheKey, { certificate, expiresAt })
  return certificate
}

export interface VerifyServiceTokenOptions {
  identity: Pick<ServiceIdentity, 'credentials'>
  token: string
  issuer: ServiceName
  audience: string
}

/**
 * Verifies a token of {@link signAsService}: chain to the CA, the signer's URI SAN, audience and expiry.
 * @throws AppError EXPIRED_TOKEN or INVALID_TOKEN
 */
export async function verifyServiceToken(options: VerifyServiceTokenOptions): Promise<Record<string, unknown>> {
  try {
    const signer = signerOf(options.token, options.identity.credentials().ca, options.issuer, Date.now())
    const { payload } = await jwtVerify(options.token, signer.publicKey, {
      audience: options.audience,
      algorithms: ['ES256'],
    })
    return payload
  } catch (error) {
    if (error instanceof AppError) throw error
    if (error instanceof errors.JWTExpired) {
      throw new AppError('EXPIRED_TOKEN', 'The token has expired; ask for a new one.', { cause: error })
    }
    throw new AppError('INVALID_TOKEN', 'The token is not valid. Log in again, or make a new API key.', {
      cause: error,
    })
  }
}

export interface TokenVerifier {
  /** Claims of an internal token of NG Core. Throws EXPIRED_TOKEN or INVALID_TOKEN. */
  verify(token: string): Promise<InternalClaims>
}

/** Tokens kept verified per process; one is about 1.5 KiB. */
const VERIFIED_TOKENS_MAX = 5_000

/** Verifies internal tokens; each hop caches its verification until the token expires. */
export function createTokenVerifier(deps: { identity: Pick<ServiceIdentity, 'credentials'> }): TokenVerifier {
  const verified = new Map<string, { claims: InternalClaims; expiresAt: number }>()
  return {
    async verify(token) {
      const known = verified.get(token)
      if (known !== undefined) {
        if (known.expiresAt > Date.now()) return known.claims
        verified.delete(token)
        throw new AppError('EXPIRED_TOKEN', 'The token has expired; ask for a new one.')
      }
      const payload = await verifyServiceToken({
        identity: deps.identity,
        token,
        issuer: 'ng-core',
        audience: INTERNAL_AUDIENCE,
      })
      const claims = InternalClaims.safeParse(payload)
      if (!claims.success) throw new AppError('INVALID_TOKEN', 'The token is not an internal token.')
      if (verified.size >= VERIFIED_TOKENS_MAX) verified.clear()
      verified.set(token, { claims: claims.data, expiresAt: Number(payload['exp']) * 1000 })
      return claims.data
    },
  }
}
