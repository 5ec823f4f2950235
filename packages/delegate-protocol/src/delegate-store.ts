import type { OfferedTask, TaskResult } from './frames.ts'

/** A task found in the journal when a delegate starts. */
export interface RecoveredTask {
  taskId: string
  offerId: string
  /** `granted`: it may have been started and has no result. `result`: its result was not acknowledged. */
  state: 'granted' | 'result'
}

/**
 * What a delegate keeps on disk, so that a kill -9 forgets no task. Implemented by the delegate.
 *
 * Lifecycle: `saveGrant` before a task starts, `saveResult` when it ended, `forget` after the acknowledgement.
 * Concurrency: calls for different tasks may overlap; calls for one task don't.
 * Durability: a promise that resolves means "survives power loss" (fsync of file and folder).
 * Errors: a rejected `saveGrant` means that the task is not started; a rejected `saveResult` must keep the result
 * in memory, so that `readResult` still gives it while the process lives.
 */
export interface DelegateStore {
  /** Makes the journal with a new id where there is none; an id is never used for another journal. */
  load(): Promise<{ journalId: string; tasks: RecoveredTask[] }>
  saveGrant(task: OfferedTask, offerId: string): Promise<void>
  readTask(taskId: string): Promise<OfferedTask | undefined>
  saveResult(result: TaskResult): Promise<void>
  readResult(taskId: string): Promise<TaskResult | undefined>
  forget(taskId: string): Promise<void>
}
