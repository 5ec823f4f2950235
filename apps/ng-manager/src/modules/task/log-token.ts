import { LOG_TOKEN_AUDIENCE, LogTokenClaims } from '@sluice/contracts/logs'
import type { Scope } from '@sluice/contracts/ids'
import { signAsService, type ServiceIdentity } from '@sluice/service-kit'

/** Lines still have to be shipped when the last step is over, and a connection may have been away. */
const GRACE_MS = 3_600_000
/** A pod outlives the start that brings its token: it serves all steps of its group. */
const SHORTEST_LIFE_MS = 24 * 3_600_000

/** Append-only token for all logs of one execution. Its scope is where a reader needs the permission. */
export async function createLogToken(
  identity: ServiceIdentity,
  of: { scope: Scope; executionId: string; timeoutMs: number },
): Promise<string> {
  return signAsService(identity, {
    audience: LOG_TOKEN_AUDIENCE,
    claims: LogTokenClaims.parse({ ...of.scope, prefix: `${of.scope.accountId}/${of.executionId}` }),
    expiresInS: Math.ceil((Math.max(of.timeoutMs, SHORTEST_LIFE_MS) + GRACE_MS) / 1000),
  })
}
