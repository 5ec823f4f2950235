import type { SubmitTask } from '@sluice/contracts/tasks'
import type { Deps, Tx } from '../../deps.ts'
import { assignTask } from './assign-task.ts'

/**
 * Stores a submitted task. The same attempt and kind lands once.
 * @returns what to run after the commit: looking for a delegate.
 */
export async function storeTask(
  deps: Deps,
  tx: Tx,
  accountId: string,
  submission: SubmitTask,
): Promise<() => Promise<void>> {
  await tx.task.createMany({
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
  return () => assignTask(deps, accountId, submission.taskId)
}
