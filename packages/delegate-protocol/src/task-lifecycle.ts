import { assertNever } from '@sluice/contracts/errors'
import type { ResultDisposition, TaskResult } from './frames.ts'

/**
 * The life of a task on the server: one row, moved by compare-and-set on `version`. Pure, so that every replica
 * decides alike; the app loads the row, asks `nextTask`, writes `where version = old`, and carries out the effects
 * in the same transaction.
 */

export const TASK_STATES = ['queued', 'offered', 'granted', 'running', 'finished', 'lost'] as const
export type TaskState = (typeof TASK_STATES)[number]

export interface TaskRow {
  taskId: string
  state: TaskState
  version: number
  /** Milliseconds since 1970 until which the task may wait for a delegate. */
  queuedUntil: number
  /** Of the current offer or grant. */
  offerId?: string | undefined
  delegateId?: string | undefined
  /** Journal of the delegate at the time of the grant. */
  journalId?: string | undefined
  /** Milliseconds since 1970. */
  leaseUntil?: number | undefined
  cancelReason?: string | undefined
  /** How it was closed. */
  closedAs?: TaskClosing | undefined
}

export type TaskClosing = TaskResult['status'] | 'lost' | 'expired'

export type TaskEvent =
  | { type: 'offer'; offerId: string; delegateId: string }
  /** Rejected, timed out or disconnected before a grant. */
  | { type: 'endOffer'; offerId: string }
  | { type: 'grant'; offerId: string; delegateId: string; journalId: string; leaseUntil: number }
  /** The grant never reached the delegate. */
  | { type: 'release'; offerId: string }
  /** The delegate reports it running. */
  | { type: 'extend'; delegateId: string; leaseUntil: number }
  | { type: 'result'; delegateId: string; status: TaskResult['status'] }
  /** The delegate came back without it. */
  | { type: 'lose'; offerId: string; message: string }
  /** Periodic check of queue time and lease. */
  | { type: 'expire'; now: number }
  | { type: 'cancel'; reason: string }

export type TaskEffect =
  /** Final: tell the submitter, exactly once. */
  | { type: 'closed'; as: TaskClosing; message?: string }
  /** Pick a delegate again. */
  | { type: 'requeue' }
  /** Hand `task.cancel` to the connection of the holder, now or when it comes back. */
  | { type: 'tellHolder'; delegateId: string; reason: string }

export type TaskTransition =
  | { ok: true; row: TaskRow; effects: TaskEffect[] }
  /** The event doesn't apply any more; nothing is to be written. */
  | { ok: false; reason: string }

/** True for states that never change again. */
export function isTaskFinal(state: TaskState): boolean {
  return state === 'finished' || state === 'lost'
}

/** True while a delegate may be running the task. */
export function isTaskHeld(state: TaskState): boolean {
  return state === 'granted' || state === 'running'
}

/** The row after an event, or why the event doesn't apply. */
export function nextTask(row: TaskRow, event: TaskEvent): TaskTransition {
  switch (event.type) {
    case 'offer':
      if (row.state !== 'queued') return refuse(row, event)
      return move(row, { state: 'offered', offerId: event.offerId, delegateId: event.delegateId })
    case 'endOffer':
      if (row.state !== 'offered' || row.offerId !== event.offerId) return refuse(row, event)
      return requeue(row)
    case 'grant':
      if (row.state !== 'offered' || row.offerId !== event.offerId || row.delegateId !== event.delegateId) {
        return refuse(row, event)
      }
      return move(row, { state: 'granted', journalId: event.journalId, leaseUntil: event.leaseUntil })
    case 'release':
      if (row.state !== 'granted' || row.offerId !== event.offerId) return refuse(row, event)
      if (row.cancelReason !== undefined) return close(row, 'finished', 'cancelled', row.cancelReason)
      return requeue(row)
    case 'extend':
      if (!isTaskHeld(row.state) || row.delegateId !== event.delegateId) return refuse(row, event)
      return move(row, { state: 'running', leaseUntil: event.leaseUntil })
    case 'result':
      if (!isTaskHeld(row.state) || row.delegateId !== event.delegateId) return refuse(row, event)
      return close(row, 'finished', event.status)
    case 'lose':
      if (!isTaskHeld(row.state) || row.offerId !== event.offerId) return refuse(row, event)
      return close(row, 'lost', 'lost', event.message)
    case 'expire':
      return expire(row, event.now)
    case 'cancel':
      return cancel(row, event.reason)
    default:
      return assertNever(event)
  }
}

/** What to answer to a result, judged by the row before it is applied. No row: `unknown`. */
export function resultDisposition(row: TaskRow | undefined, delegateId: string): ResultDisposition {
  if (row === undefined) return 'unknown'
  if (row.delegateId !== delegateId) return 'late'
  if (isTaskHeld(row.state)) return 'stored'
  const closedByResult = row.closedAs === 'succeeded' || row.closedAs === 'failed' || row.closedAs === 'cancelled'
  return row.state === 'finished' && closedByResult ? 'duplicate' : 'late'
}

function expire(row: TaskRow, now: number): TaskTransition {
  if (row.state === 'queued' && row.queuedUntil <= now) {
    return close(row, 'finished', 'expired', 'No delegate took the task in time.')
  }
  if (isTaskHeld(row.state) && (row.leaseUntil ?? 0) <= now) {
    return close(
      row,
      'lost',
      'lost',
      `Delegate "${row.delegateId}" has not been heard of since its lease ran out. Look at the delegate and at the database before you run the step again.`,
    )
  }
  return { ok: false, reason: `task "${row.taskId}" is not over its time` }
}

function cancel(row: TaskRow, reason: string): TaskTransition {
  if (row.state === 'queued' || row.state === 'offered') return close(row, 'finished', 'cancelled', reason)
  if (!isTaskHeld(row.state) || row.delegateId === undefined) {
    return { ok: false, reason: `task "${row.taskId}" is ${row.state} already` }
  }
  // The first reason stays; saying it again is harmless.
  const cancelReason = row.cancelReason ?? reason
  return move(row, { cancelReason }, [{ type: 'tellHolder', delegateId: row.delegateId, reason: cancelReason }])
}

function requeue(row: TaskRow): TaskTransition {
  const cleared = { offerId: undefined, delegateId: undefined, journalId: undefined, leaseUntil: undefined }
  return move(row, { state: 'queued', ...cleared }, [{ type: 'requeue' }])
}

function close(row: TaskRow, state: 'finished' | 'lost', as: TaskClosing, message?: string): TaskTransition {
  return move(row, { state, closedAs: as }, [{ type: 'closed', as, ...(message === undefined ? {} : { message }) }])
}

function move(row: TaskRow, change: Partial<TaskRow>, effects: TaskEffect[] = []): TaskTransition {
  return { ok: true, row: { ...row, ...change, version: row.version + 1 }, effects }
}

function refuse(row: TaskRow, event: TaskEvent): TaskTransition {
  return { ok: false, reason: `"${event.type}" doesn't apply to task "${row.taskId}", which is ${row.state}` }
}
