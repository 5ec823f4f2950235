import { AppError } from '@sluice/contracts/errors'
import type { Actor } from '@sluice/service-kit'

const DBOPS_FLAG = 'DBOPS_ENABLED'

/**
 * Refuses people of an account that has Database DevOps switched off. Background work carries no flags: it was
 * admitted when it began.
 */
export function requireDbops(actor: Actor): void {
  if (actor.source !== 'token' || actor.featureFlags.includes(DBOPS_FLAG)) return
  throw new AppError(
    'FEATURE_DISABLED',
    `Database DevOps is switched off in this account. Ask an administrator to switch the feature flag "${DBOPS_FLAG}" on.`,
  )
}
