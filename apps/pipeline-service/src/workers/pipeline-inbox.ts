import { TASK_PROGRESS_KIND, TaskProgress } from '@sluice/contracts/task-progress'
import { TaskEvent } from '@sluice/contracts/tasks'
import { createInboxConsumer, type Message, type Runner } from '@sluice/database'
import { nodeIdOfAttempt, type ExecutionEvent } from '@sluice/pipeline'
import type { Deps } from '../deps.ts'
import type { Prisma } from '../generated/prisma/client.ts'
import { advanceStored } from '../modules/execution/advance-execution.ts'
import type { Tx } from '../modules/execution/execution-store.ts'
import { publishChange } from '../modules/execution/publish-change.ts'
import { storeProgress } from '../modules/execution/store-progress.ts'

function toExecutionEvent(event: TaskEvent, at: number): ExecutionEvent {
  const { attemptId } = event
  switch (event.kind) {
    case 'task.assigned':
      return { type: 'taskAssigned', at, attemptId, delegate: { id: event.delegateId, name: event.delegateName } }
    case 'task.waiting':
      return { type: 'taskWaiting', at, attemptId, message: event.message }
    case 'task.finished':
      return {
        type: 'taskFinished',
        at,
        attemptId,
        // Runs have no tasks of other kinds.
        taskKind: event.taskKind === 'pod.init' || event.taskKind === 'pod.cleanup' ? event.taskKind : 'pod.execute',
        delegate:
          event.delegateId === undefined
            ? undefined
            : { id: event.delegateId, name: event.delegateName ?? event.delegateId },
        result: event.result,
      }
  }
}

/** Applies what delegate-service says of tasks that runs wait for. */
export function createPipelineInbox(deps: Deps): Runner {
  const handle = async (message: Message, tx: Tx): Promise<(() => Promise<void>) | undefined> => {
    const event = TaskEvent.parse(message.body)
    const node = await tx.nodeExecution.findUnique({
      where: { accountId_id: { accountId: message.accountId, id: nodeIdOfAttempt(event.attemptId) ?? '' } },
      select: { executionId: true },
    })
    if (node === null) {
      deps.logger.warn({ attemptId: event.attemptId, sender: message.sender }, 'event of an attempt nobody knows')
      return undefined
    }
    if (event.kind === 'task.finished' && event.taskKind === 'pod.execute') {
      await tx.stepReport.createMany({
        data: [
          {
            accountId: message.accountId,
            attemptId: event.attemptId,
            executionId: node.executionId,
            body: reportBody(event),
          },
        ],
        skipDuplicates: true,
      })
    }
    const after = await advanceStored(deps, tx, message.accountId, node.executionId, [
      toExecutionEvent(event, deps.now()),
    ])
    return async () => {
      // The report of a finished step is sent by whoever settles the execution.
      if (event.kind === 'task.finished')
        await deps.queues.wake('pipeline.wake', { accountId: message.accountId, id: node.executionId })
      await after?.()
    }
  }
  const note = async ({ accountId, id, body }: Message, tx: Tx): Promise<(() => Promise<void>) | undefined> => {
    const executionId = await storeProgress(tx, accountId, TaskProgress.parse(body))
    // Two of them a second and step, and applying one again changes nothing: they are not kept.
    await tx.$executeRaw`delete from inbox where account_id = ${accountId} and id = ${id}`
    return executionId === undefined ? undefined : () => publishChange(deps, accountId, executionId)
  }
  return createInboxConsumer<Tx>({
    redis: deps.config.redisUrl,
    pool: deps.pool,
    inbox: 'pipeline.inbox',
    transact: deps.transact,
    handlers: {
      'task.assigned': handle,
      'task.waiting': handle,
      'task.finished': handle,
      [TASK_PROGRESS_KIND]: note,
    },
    onError: (error) => deps.logger.error({ err: error }, 'pipeline.inbox'),
  })
}

function reportBody(event: Extract<TaskEvent, { kind: 'task.finished' }>): Prisma.InputJsonValue {
  const { taskId, result, large, finishedAt } = event
  return { taskId, result, large, finishedAt } as Prisma.InputJsonValue
}
