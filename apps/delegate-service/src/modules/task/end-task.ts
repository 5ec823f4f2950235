import { assertNever, type ErrorCode, type FailureType } from '@sluice/contracts/errors'
import { DelegateTaskOutput, type DelegateTaskOutput as Output } from '@sluice/contracts/tasks'
import {
  resultDisposition,
  type ResultDisposition,
  type TaskClosing,
  type TaskEvent,
  type TaskResult,
} from '@sluice/delegate-protocol'
import type { Deps, Tx } from '../../deps.ts'
import type { Task } from '../../generated/prisma/client.ts'
import { assignQueued, assignTask } from './assign-task.ts'
import { lockTask, moveTask, submissionOf, TIMED_OUT, toTaskRow, type MovedTask } from './task-store.ts'
import { failedOutput, tellFinished } from './tell-submitter.ts'

const CLOSING_FAILURES: Record<
  Exclude<TaskClosing, 'succeeded'>,
  { code: ErrorCode; failureTypes: FailureType[]; message: string }
> = {
  failed: {
    code: 'STEP_FAILED',
    failureTypes: ['Unknown'],
    message: 'The delegate could not run the task and gave no reason.',
  },
  cancelled: { code: 'ABORTED', failureTypes: ['UserMarkedFailure'], message: 'The task was cancelled.' },
  lost: {
    code: 'DELEGATE_LOST',
    failureTypes: ['DelegateRestart'],
    message: 'The delegate was lost while it held the task.',
  },
  expired: {
    code: 'NO_ELIGIBLE_DELEGATES',
    failureTypes: ['DelegateProvisioning'],
    message: 'No delegate took the task in time.',
  },
}

async function nameOf(tx: Tx, task: Task): Promise<string | undefined> {
  if (task.delegateId === null) return undefined
  const delegate = await tx.delegate.findUnique({
    where: { accountId_id: { accountId: task.accountId, id: task.delegateId } },
    select: { name: true },
  })
  return delegate?.name
}

/** Carries out what follows a move that was not a result: telling the submitter, looking for another delegate. */
async function follow(deps: Deps, tx: Tx, moved: MovedTask): Promise<() => Promise<void>> {
  const { task } = moved
  const after: (() => Promise<void>)[] = []
  for (const effect of moved.effects) {
    switch (effect.type) {
      case 'closed': {
        if (effect.as === 'succeeded') break
        const { code, failureTypes, message } = CLOSING_FAILURES[effect.as]
        const delegateName = await nameOf(tx, task)
        const sentence = effect.as === 'expired' ? (task.waitingReason ?? message) : (effect.message ?? message)
        const readable =
          task.delegateId === null ? sentence : sentence.replaceAll(task.delegateId, delegateName ?? task.delegateId)
        after.push(
          await tellFinished(deps, tx, task, failedOutput({ code, failureTypes, message: readable }), delegateName),
        )
        break
      }
      case 'requeue':
        after.push(() => assignTask(deps, task.accountId, task.id))
        break
      case 'tellHolder': {
        const { delegateId, reason } = effect
        const holder = await tx.delegate.findUnique({
          where: { accountId_id: { accountId: task.accountId, id: delegateId } },
          select: { replicaId: true },
        })
        const replicaId = holder?.replicaId
        if (replicaId === null || replicaId === undefined) break
        after.push(() =>
          deps.hub.notify(replicaId, {
            type: 'cancel',
            accountId: task.accountId,
            delegateId,
            taskId: task.id,
            reason,
          }),
        )
        break
      }
      default:
        assertNever(effect)
    }
  }
  return async () => {
    for (const work of after) await work()
  }
}

export type LifeEvent = Exclude<TaskEvent, { type: 'offer' | 'result' }>

/**
 * Applies an event that is not a result, with everything that follows it.
 * @returns false where it does not apply any more.
 */
export async function applyTaskEvent(
  deps: Deps,
  accountId: string,
  taskId: string,
  event: LifeEvent,
): Promise<boolean> {
  const after = await deps.transact((tx) => applyTaskEventIn(deps, tx, accountId, taskId, event))
  await after?.()
  return after !== undefined
}

/** Like {@link applyTaskEvent}, in the caller's transaction; what is returned runs after its commit. */
export async function applyTaskEventIn(
  deps: Deps,
  tx: Tx,
  accountId: string,
  taskId: string,
  event: LifeEvent,
): Promise<(() => Promise<void>) | undefined> {
  const task = await lockTask(tx, accountId, taskId)
  if (task === undefined) return undefined
  const moved = await moveTask(tx, task, event, deps.now())
  if (moved === undefined) return undefined
  // A close forgets nothing that the sentence needs: the delegate is still in the row before the move.
  return follow(deps, tx, { ...moved, task: { ...moved.task, delegateId: moved.task.delegateId ?? task.delegateId } })
}

/** What the delegate said, in the shape the submitter reads. */
function outputOf(result: TaskResult, task: Task): Output {
  const output = readOutput(result)
  if (result.status !== 'cancelled' || task.cancelReason !== TIMED_OUT || output.result.outcome === 'succeeded')
    return output
  const seconds = Math.round(submissionOf(task).timeoutMs / 1000)
  const message = `The step ran longer than its timeout of ${seconds} s and was stopped. Give it more time, or look at what held it up.`
  const failure = { code: 'TASK_TIMED_OUT', message, failureTypes: ['Timeout' as const] }
  return { ...output, result: { ...output.result, failure } }
}

function readOutput(result: TaskResult): Output {
  const parsed = DelegateTaskOutput.safeParse(result.output)
  if (parsed.success) return parsed.data
  if (result.failure !== undefined) return failedOutput(result.failure)
  if (result.status === 'succeeded') {
    const message =
      'The delegate sent a result that this version does not understand. Update the delegate, look at the database, then run again.'
    return failedOutput({ code: 'STEP_FAILED', failureTypes: ['Unknown'], message })
  }
  return failedOutput(CLOSING_FAILURES[result.status])
}

/** Closes a task with a delegate's result, once: row, outputs and message in one transaction. */
export async function closeWithResult(
  deps: Deps,
  accountId: string,
  delegateId: string,
  result: TaskResult,
): Promise<ResultDisposition> {
  const { disposition, after } = await deps.transact(async (tx) => {
    const task = await lockTask(tx, accountId, result.taskId)
    const judged = resultDisposition(task === undefined ? undefined : toTaskRow(task), delegateId)
    if (task === undefined || judged !== 'stored') return { disposition: judged, after: undefined }
    const output = outputOf(result, task)
    const status = result.status === 'succeeded' ? output.result.outcome : result.status
    const moved = await moveTask(tx, task, { type: 'result', delegateId, status }, deps.now())
    if (moved === undefined) return { disposition: 'late' as const, after: undefined }
    const tell = await tellFinished(deps, tx, moved.task, output, await nameOf(tx, moved.task))
    return { disposition: judged, after: tell }
  })
  await after?.()
  if (disposition === 'stored') {
    assignQueued(deps, accountId).catch((error: unknown) =>
      deps.logger.warn({ err: error }, 'queued tasks not looked at'),
    )
  }
  return disposition
}
