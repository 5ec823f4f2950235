import type { SubmitTask } from '@sluice/contracts/tasks'
import type { OfferedTask } from '@sluice/delegate-protocol'
import type { Deps, Tx } from '../../deps.ts'
import { assignTask, offerStored } from './assign-task.ts'

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
 * Stores a task that was accepted and picks a delegate for it, in the same transaction. The same attempt and kind lands once.
 * @returns what to run after the commit: the offer, or looking for a delegate again.
 */
export async function storeTask(
  deps: Deps,
  tx: Tx,
  accountId: string,
  submission: SubmitTask,
): Promise<() => Promise<void>> {
  const [stored] = await tx.task.createManyAndReturn({
    data: [
      {
        accountId,
        id: submission.taskId,
        attemptId: submission.attemptId,
        kind: submission.task.kind,
        submission,
        state: 'queued',
        queuedUntil: new Date(deps.now() + submission.queueTimeoutMs),
      },
    ],
    skipDuplicates: true,
  })
  if (stored === undefined) return () => assignTask(deps, accountId, submission.taskId)
  const offer = await offerStored(deps, tx, stored)
  // A delegate that connects meanwhile does not see this row yet: who finds none looks again after the commit.
  return offer ?? (() => assignTask(deps, accountId, submission.taskId))
}
