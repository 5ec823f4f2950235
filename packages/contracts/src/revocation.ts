import { z } from 'zod'

/**
 * Message of the channel `ng.revocation:<accountId>`: something cached about this account no longer holds.
 * The gateway drops its cached tokens of the account; delegate-service looks at the token's delegates again.
 */
export const Revocation = z.object({
  accountId: z.string().max(64),
  kind: z.enum(['session', 'apiKey', 'access', 'featureFlag', 'delegateToken']),
  /** Id of the session, API key, user or delegate token. */
  id: z.string().max(64).optional(),
})
export type Revocation = z.infer<typeof Revocation>
