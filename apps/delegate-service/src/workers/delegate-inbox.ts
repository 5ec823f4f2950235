import { CancelTask, SubmitTask } from '@sluice/contracts/tasks'
import { createInboxConsumer, type Runner } from '@sluice/database'
import { activeTraceparent } from '@sluice/service-kit/tracing'
import type { Deps, Tx } from '../deps.ts'
import { applyTaskEventIn } from '../modules/task/end-task.ts'
import { problemOf, refuseTask } from '../modules/task/refuse-task.ts'
import { storeTask } from '../modules/task/submit-task.ts'

/** Tries to cancel a task that is not here: 250 ms, 500 ms, … some 8 s in all. */
const UNKNOWN_TASK_ATTEMPTS = 5

/** Takes tasks that ng-manager and ng-core submit, and their cancellations. */
export function createDelegateInbox(deps: Deps): Runner {
  return createInboxConsumer<Tx>({
    redis: deps.config.redisUrl,
    pool: deps.pool,
    inbox: 'delegate.inbox',
    transact: deps.transact,
    handlers: {
      'task.submit': async (message, tx) => {
        const submission = SubmitTask.parse(message.body)
        const traceparent = submission.traceparent ?? activeTraceparent()
        // The sender's column tells the account; a body that names another one is not believed.
        if (submission.accountId !== message.accountId)
          throw new Error('the task names another account than its message')
        const problem = await problemOf(deps, submission)
        if (problem !== undefined) return refuseTask(deps, tx, message.accountId, submission, problem)
        return storeTask(deps, tx, message.accountId, { ...submission, traceparent })
      },
      'task.cancel': async (message, tx) => {
        const { taskId, reason } = CancelTask.parse(message.body)
        const known = await tx.task.count({ where: { accountId: message.accountId, id: taskId } })
        // Messages overtake each other: the task may be behind its cancellation. Tried again, but not for ever.
        if (known === 0 && message.attempts < UNKNOWN_TASK_ATTEMPTS) throw new Error(`task "${taskId}" is not here yet`)
        return applyTaskEventIn(deps, tx, message.accountId, taskId, { type: 'cancel', reason })
      },
    },
    onError: (error) => deps.logger.error({ err: error }, 'delegate.inbox'),
  })
}
