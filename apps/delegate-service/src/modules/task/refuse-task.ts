import { isAppError } from '@sluice/contracts/errors'
import type { SubmitTask } from '@sluice/contracts/tasks'
import { fitsInOffer } from '@sluice/delegate-protocol'
import { verifyTaskSignature } from '@sluice/service-kit'
import type { Deps, Tx } from '../../deps.ts'
import { toOffer } from './submit-task.ts'
import { failedOutput, tellFinished } from './tell-submitter.ts'

/**
 * Why a task is not accepted: nobody who may ask for it signed exactly this one, or no frame can carry it. Undefined
 * where it is.
 */
export async function problemOf(deps: Deps, submission: SubmitTask): Promise<string | undefined> {
  try {
    await verifyTaskSignature(deps.identity, submission)
    return fitsInOffer(toOffer(submission))
      ? undefined
      : 'The task is larger than a delegate can be sent (768 KiB). Shorten its parameters, then run it again.'
  } catch (error) {
    if (!isAppError(error) || error.code !== 'TASK_REJECTED') throw error
    return error.message
  }
}

/**
 * Stores a task as refused, so that no delegate ever gets it, and tells its submitter why.
 * @returns what to run after the commit.
 */
export async function refuseTask(
  deps: Deps,
  tx: Tx,
  accountId: string,
  submission: SubmitTask,
  message: string,
): Promise<(() => Promise<void>) | undefined> {
  const { taskId, attemptId } = submission
  const { kind } = submission.task
  const now = new Date(deps.now())
  const [stored] = await tx.task.createManyAndReturn({
    data: [
      {
        accountId,
        id: taskId,
        attemptId,
        kind,
        submission,
        state: 'finished',
        queuedUntil: now,
        closedAs: 'failed',
        closedAt: now,
      },
    ],
    skipDuplicates: true,
  })
  // The attempt has its task already; this one changes nothing of it.
  if (stored === undefined) return undefined
  deps.logger.warn({ accountId, taskId, kind, reason: message }, 'task refused')
  return tellFinished(deps, tx, stored, failedOutput({ code: 'TASK_REJECTED', message, failureTypes: ['Unknown'] }))
}
