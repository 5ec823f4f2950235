import { AppError, isAppError } from '@sluice/contracts/errors'
import { signAsService, verifyServiceToken, type ServiceIdentity } from '@sluice/service-kit'
import { z } from 'zod'

/** What a link allows: one thing with one log. */
export type LinkPurpose = 'upload' | 'download'

const LinkClaims = z.object({ accountId: z.string(), key: z.string(), maxBytes: z.number().int().optional() })
export type LinkClaims = z.infer<typeof LinkClaims>

export interface SignedToken {
  token: string
  /** Epoch ms. */
  expiresAt: number
}

const LIFETIME_S: Record<LinkPurpose, number> = {
  // The lite engine compresses and sends the whole log within it.
  upload: 600,
  download: 300,
}

export interface BlobLinks {
  sign(purpose: LinkPurpose, claims: LinkClaims): Promise<SignedToken>
  /** @throws AppError LINK_INVALID */
  read(purpose: LinkPurpose, token: string): Promise<LinkClaims>
}

/** Links signed with the service's own key: any replica verifies them, nobody else makes them. */
export function createBlobLinks(identity: ServiceIdentity): BlobLinks {
  const audience = (purpose: LinkPurpose): string => `log-blob-${purpose}`
  return {
    async sign(purpose, claims) {
      const expiresInS = LIFETIME_S[purpose]
      const expiresAt = Date.now() + expiresInS * 1000
      return { token: await signAsService(identity, { audience: audience(purpose), claims, expiresInS }), expiresAt }
    },
    async read(purpose, token) {
      try {
        const payload = await verifyServiceToken({
          identity,
          token,
          issuer: 'log-service',
          audience: audience(purpose),
        })
        return LinkClaims.parse(payload)
      } catch (cause) {
        const expired = isAppError(cause) && cause.code === 'EXPIRED_TOKEN'
        throw new AppError(
          'LINK_INVALID',
          `The ${purpose} link ${expired ? 'has expired' : 'is not valid'}. Ask for a new one.`,
          { cause },
        )
      }
    },
  }
}
