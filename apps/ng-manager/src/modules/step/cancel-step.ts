import { sendMessage } from '@sluice/database'
import { AppError } from '@sluice/contracts/errors'
import { CancelTask } from '@sluice/contracts/tasks'
import type { Deps } from '../../deps.ts'

/** Asks delegate-service to cancel a task. Idempotent; the result still arrives. @throws AppError ENTITY_NOT_FOUND */
export async function cancelStep(
  deps: Pick<Deps, 'prisma' | 'queues'>,
  of: { accountId: string; attemptId: string; taskId: string; reason: string },
): Promise<void> {
  const { accountId, attemptId, taskId, reason } = of
  const id = `${attemptId}.cancel.${taskId}`
  await deps.prisma.$transaction(async (tx) => {
    const request = await tx.request.findFirst({ where: { accountId, attemptId, taskId } })
    if (request === null) {
      throw new AppError('ENTITY_NOT_FOUND', `The attempt "${attemptId}" has no task "${taskId}" to cancel.`)
    }
    await sendMessage(tx, {
      to: 'delegate.inbox',
      accountId,
      id,
      kind: 'task.cancel',
      body: CancelTask.parse({ accountId, taskId, reason }),
    })
  })
  await deps.queues.wake('delegate.inbox', { accountId, id })
}
