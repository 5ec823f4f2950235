import { CancelTask, SubmitTask } from '@sluice/contracts/tasks'
import { createInboxConsumer, type Runner } from '@sluice/database'
import { activeTraceparent } from '@sluice/service-kit/tracing'
import type { Deps, Tx } from '../deps.ts'
import { applyTaskEventIn } from '../modules/task/end-task.ts'
import { storeTask } from '../modules/task/submit-task.ts'

/** Takes tasks that ng-manager and ng-core submit, and their cancellations. */
export function createDelegateInbox(deps: Deps): Runner {
  return createInboxConsumer<Tx>({
    redis: deps.config.redisUrl,
    pool: deps.pool,
    inbox: 'delegate.inbox',
    transact: (work) => deps.prisma.$transaction(work, { timeout: 15_000, maxWait: 10_000 }),
    handlers: {
      'task.submit': async (message, tx) => {
        const submission = SubmitTask.parse(message.body)
        const traceparent = submission.traceparent ?? activeTraceparent()
        // The sender's column tells the account; a body that names another one is not believed.
        if (submission.accountId !== message.accountId)
          throw new Error('the task names another account than its message')
        return storeTask(deps, tx, message.accountId, { ...submission, traceparent })
      },
      'task.cancel': async (message, tx) => {
        const { taskId, reason } = CancelTask.parse(message.body)
        return applyTaskEventIn(deps, tx, message.accountId, taskId, { type: 'cancel', reason })
      },
    },
    onError: (error) => deps.logger.error({ err: error }, 'delegate.inbox'),
  })
}
