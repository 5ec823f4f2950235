import { LOG_TOKEN_AUDIENCE, LogTokenClaims } from '@sluice/contracts/logs'
import type { Scope } from '@sluice/contracts/ids'
import { signAsService, type ServiceIdentity } from '@sluice/service-kit'

/** Lines still have to be shipped when the last step is over, and a connection may have been away. */
const GRACE_MS = 3_600_000
/** A pod serves all steps of its group, and their timeouts and repetitions have no common bound of their own. */
const LONGEST_LIFE_MS = 24 * 3_600_000

export interface LogTokenScope {
  scope: Scope
  executionId: string
  /** Node executions whose logs the pod writes. */
  nodeIds: readonly string[]
  /** Milliseconds until the pod has ended for certain, where that is known. */
  podTimeoutMs?: number
}

/** Append-only token for the logs that one pod writes. Its scope is where a reader needs the permission. */
export async function createLogToken(identity: ServiceIdentity, of: LogTokenScope): Promise<string> {
  const lifeMs = Math.min(of.podTimeoutMs ?? LONGEST_LIFE_MS, LONGEST_LIFE_MS) + GRACE_MS
  return signAsService(identity, {
    audience: LOG_TOKEN_AUDIENCE,
    claims: LogTokenClaims.parse({
      ...of.scope,
      prefix: `${of.scope.accountId}/${of.executionId}`,
      within: [...new Set(of.nodeIds)],
    }),
    expiresInS: Math.ceil(lifeMs / 1000),
  })
}
