import { sendMessage } from '@sluice/database'
import type { AttemptContext } from '@sluice/contracts/steps'
import type { SubmitTask } from '@sluice/contracts/tasks'
import type { Deps } from '../../deps.ts'
import type { Prisma } from '../../generated/prisma/client.ts'

/** What the report of a database step will need. */
export interface StepRecord {
  schemaId: string
  instanceId: string
  operation: string
  source: string
  /** Step and attempt as submitted, plain JSON. */
  step: Prisma.InputJsonObject
}

type SendDeps = Pick<Deps, 'prisma' | 'queues'>

/** Id of the message that carries the task of an attempt and kind: it lands once. */
export function taskMessageId(attemptId: string, kind: string): string {
  return `${attemptId}.${kind}`
}

/** The task that was asked for before, its receiver woken again. */
export async function findTask(
  deps: SendDeps,
  of: { accountId: string; attemptId: string; kind: string },
): Promise<string | undefined> {
  const request = await deps.prisma.request.findUnique({ where: { accountId_attemptId_kind: of } })
  if (request === null) return undefined
  await deps.queues.wake('delegate.inbox', { accountId: of.accountId, id: taskMessageId(of.attemptId, of.kind) })
  return request.taskId
}

/**
 * Remembers the request and puts its task into delegate-service's inbox, in one transaction; then wakes the receiver.
 * @returns the id of the task: an older one, where another call for the same attempt and kind was first.
 */
export async function sendTask(
  deps: SendDeps,
  context: AttemptContext,
  task: SubmitTask,
  record?: StepRecord,
): Promise<string> {
  const { accountId, attemptId } = task
  const { kind } = task.task
  const key = { accountId, attemptId, kind }
  const isFirst = await deps.prisma.$transaction(async (tx) => {
    const { count } = await tx.request.createMany({
      data: [{ ...key, taskId: task.taskId, executionId: context.executionId }],
      skipDuplicates: true,
    })
    if (count === 0) return false
    if (record !== undefined) {
      await tx.stepContext.create({ data: { ...key, executionId: context.executionId, ...record } })
    }
    await sendMessage(tx, {
      to: 'delegate.inbox',
      accountId,
      id: taskMessageId(attemptId, kind),
      kind: 'task.submit',
      body: { ...task },
    })
    return true
  })
  if (!isFirst) return (await findTask(deps, key)) ?? task.taskId
  await deps.queues.wake('delegate.inbox', { accountId, id: taskMessageId(attemptId, kind) })
  return task.taskId
}
