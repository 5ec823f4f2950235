import { AppError } from '@sluice/contracts/errors'
import { SubmitTask } from '@sluice/contracts/tasks'
import { nextTask, TASK_STATES, type TaskEffect, type TaskEvent, type TaskRow } from '@sluice/delegate-protocol'
import type { Tx } from '../../deps.ts'
import type { Task } from '../../generated/prisma/client.ts'

/** Cancel reason of a task that ran longer than it may. */
export const TIMED_OUT = 'the task ran longer than its timeout'

const CLOSINGS = ['succeeded', 'failed', 'cancelled', 'lost', 'expired'] as const

export function toTaskRow(task: Task): TaskRow {
  const state = TASK_STATES.find((candidate) => candidate === task.state)
  if (state === undefined) throw new AppError('INTERNAL', `task ${task.id} is in the unknown state "${task.state}"`)
  return {
    taskId: task.id,
    state,
    version: task.version,
    queuedUntil: task.queuedUntil.getTime(),
    offerId: task.offerId ?? undefined,
    delegateId: task.delegateId ?? undefined,
    journalId: task.journalId ?? undefined,
    leaseUntil: task.leaseUntil?.getTime(),
    cancelReason: task.cancelReason ?? undefined,
    closedAs: CLOSINGS.find((closing) => closing === task.closedAs),
  }
}

export function submissionOf(task: Task): SubmitTask {
  return SubmitTask.parse(task.submission)
}

/** The task, locked until the transaction ends. */
export async function lockTask(tx: Tx, accountId: string, taskId: string): Promise<Task | undefined> {
  await tx.$queryRaw`select 1 from task where account_id = ${accountId} and id = ${taskId} for update`
  return (await tx.task.findUnique({ where: { accountId_id: { accountId, id: taskId } } })) ?? undefined
}

export interface MovedTask {
  task: Task
  row: TaskRow
  effects: TaskEffect[]
}

/**
 * Applies an event to a locked task and stores the row by compare-and-set.
 * @returns undefined where the event does not apply any more.
 */
export async function moveTask(tx: Tx, task: Task, event: TaskEvent, now: number): Promise<MovedTask | undefined> {
  const step = nextTask(toTaskRow(task), event)
  if (!step.ok) return undefined
  const { row } = step
  const closed = row.closedAs !== undefined
  const moved = await tx.task.updateManyAndReturn({
    where: { accountId: task.accountId, id: task.id, version: task.version },
    data: {
      state: row.state,
      version: row.version,
      offerId: row.offerId ?? null,
      delegateId: row.delegateId ?? null,
      journalId: row.journalId ?? null,
      leaseUntil: row.leaseUntil === undefined ? null : new Date(row.leaseUntil),
      cancelReason: row.cancelReason ?? null,
      closedAs: row.closedAs ?? null,
      closedAt: closed ? new Date(now) : null,
      ...(event.type === 'offer' ? { offeredAt: new Date(now) } : {}),
      ...(event.type === 'grant' ? { grantedAt: new Date(now) } : {}),
    },
  })
  const [stored] = moved
  if (stored === undefined) throw new AppError('INTERNAL', `task ${task.id} was moved by another replica`)
  return { task: stored, row, effects: step.effects }
}
