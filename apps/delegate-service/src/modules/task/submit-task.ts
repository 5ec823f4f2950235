import type { SubmitTask } from '@sluice/contracts/tasks'
import { fitsInOffer, type OfferedTask } from '@sluice/delegate-protocol'
import type { Deps, Tx } from '../../deps.ts'
import { assignTask, offerStored } from './assign-task.ts'
import { failedOutput, tellFinished } from './tell-submitter.ts'

/** A submitted task as it is offered to a delegate. */
export function toOffer(submission: SubmitTask): OfferedTask {
  const { taskId, attemptId, task, secrets, timeoutMs, signatures, traceparent } = submission
  return {
    taskId,
    attemptId,
    type: task.kind,
    parameters: task.parameters,
    secrets,
    timeoutMs,
    signatures,
    traceparent,
  }
}

/**
 * Stores a submitted task and picks a delegate for it, in the same transaction. The same attempt and kind lands once.
 * @returns what to run after the commit: the offer, or looking for a delegate again.
 */
export async function storeTask(
  deps: Deps,
  tx: Tx,
  accountId: string,
  submission: SubmitTask,
): Promise<() => Promise<void>> {
  const isTooLarge = !fitsInOffer(toOffer(submission))
  const [stored] = await tx.task.createManyAndReturn({
    data: [
      {
        accountId,
        id: submission.taskId,
        attemptId: submission.attemptId,
        kind: submission.task.kind,
        submission,
        state: isTooLarge ? 'finished' : 'queued',
        queuedUntil: new Date(deps.now() + submission.queueTimeoutMs),
        ...(isTooLarge ? { closedAs: 'failed', closedAt: new Date(deps.now()) } : {}),
      },
    ],
    skipDuplicates: true,
  })
  if (stored === undefined) return () => assignTask(deps, accountId, submission.taskId)
  if (!isTooLarge) {
    const offer = await offerStored(deps, tx, stored)
    // A delegate that connects meanwhile does not see this row yet: who finds none looks again after the commit.
    return offer ?? (() => assignTask(deps, accountId, submission.taskId))
  }
  const message = 'The task is larger than a delegate can be sent (768 KiB). Shorten its parameters, then run it again.'
  return tellFinished(deps, tx, stored, failedOutput({ code: 'TASK_REJECTED', message, failureTypes: ['Unknown'] }))
}
