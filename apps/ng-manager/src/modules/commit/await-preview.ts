import { AppError, isAppError } from '@sluice/contracts/errors'
import { retry, type RetryPolicy } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { findPinnedCommit, type PinKey } from './pin-commit.ts'

/** A preview's report follows its end within milliseconds, by another edge: two seconds are plenty. */
const untilReported: RetryPolicy = {
  name: 'until-reported',
  attempts: 10,
  firstDelayMs: 20,
  maxDelayMs: 400,
  retryable: (error) => isAppError(error) && error.code === 'SERVICE_UNAVAILABLE',
}

/**
 * The commit that a preview of the same execution fetched, where only pods reach the repository. Waits shortly for
 * a report that is still under way.
 * @returns undefined where nothing was previewed, or its report stays away: the hash of the plan then guards the apply.
 */
export async function awaitPreviewCommit(
  deps: Pick<Deps, 'prisma'>,
  key: PinKey,
  signal: AbortSignal,
): Promise<string | undefined> {
  const look = async (): Promise<string | undefined> => {
    const commit = await findPinnedCommit(deps, key)
    if (commit !== undefined) return commit
    const preview = await deps.prisma.stepContext.findFirst({
      where: {
        accountId: key.accountId,
        executionId: key.executionId,
        instanceId: key.instanceId,
        operation: 'preview',
      },
      orderBy: { createdAt: 'desc' },
    })
    if (preview === null || preview.reportedAt !== null) return undefined
    throw new AppError('SERVICE_UNAVAILABLE', `The preview "${preview.attemptId}" has not been reported yet.`)
  }
  try {
    return await retry(look, untilReported, signal)
  } catch (error) {
    if (isAppError(error) && error.code === 'SERVICE_UNAVAILABLE') return undefined
    throw error
  }
}
