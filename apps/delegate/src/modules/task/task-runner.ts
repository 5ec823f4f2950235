import type { Failure } from '@sluice/contracts/errors'
import type { DelegateEvent, DelegateStore, OfferedTask, RejectReason, TaskResult } from '@sluice/delegate-protocol'
import { TASK_KINDS } from '@sluice/contracts/tasks'
import type { Logger } from 'pino'
import { runTask, type RunTaskDeps } from './run-task.ts'
import { failed, toFailure } from './task-failure.ts'

/** Runs granted tasks and stores each one's result before it says that the task is finished. */
export class TaskRunner {
  readonly #deps: RunTaskDeps
  readonly #store: DelegateStore
  readonly #logger: Logger
  readonly #capacity: number
  readonly #send: (event: DelegateEvent) => void
  readonly #running = new Map<string, AbortController>()

  constructor(options: {
    deps: RunTaskDeps
    store: DelegateStore
    logger: Logger
    capacity: number
    send: (event: DelegateEvent) => void
  }) {
    this.#deps = options.deps
    this.#store = options.store
    this.#logger = options.logger
    this.#capacity = options.capacity
    this.#send = options.send
  }

  /** Why this delegate declines a task; undefined where it takes it. */
  decide(task: OfferedTask): RejectReason | undefined {
    if (!TASK_KINDS.some((kind) => kind === task.type)) {
      return { code: 'unsupported', message: `this delegate does not know the task "${task.type}"` }
    }
    // Ending things must always be possible, however full the delegate is.
    if (task.type !== 'pod.cleanup' && this.#running.size >= this.#capacity) {
      return { code: 'busy', message: `it runs ${this.#running.size} tasks already` }
    }
    return undefined
  }

  run(task: OfferedTask): void {
    const abort = new AbortController()
    this.#running.set(task.taskId, abort)
    const startedAt = Date.now()
    const finish = async (): Promise<void> => {
      let result: TaskResult
      try {
        const output = await runTask(this.#deps, task, abort.signal)
        const cancelled = abort.signal.aborted && output.result.outcome === 'failed'
        const status = cancelled ? 'cancelled' : output.result.outcome
        result = { taskId: task.taskId, status, output, startedAt, endedAt: Date.now() }
      } catch (error) {
        this.#logger.warn({ err: error, taskId: task.taskId, type: task.type }, 'task failed')
        const output = { result: failed(toFailure(error)), large: [] }
        result = {
          taskId: task.taskId,
          status: abort.signal.aborted ? 'cancelled' : 'failed',
          output,
          startedAt,
          endedAt: Date.now(),
        }
      }
      this.#running.delete(task.taskId)
      await this.#end(result)
    }
    finish().catch((error: unknown) => this.#logger.error({ err: error, taskId: task.taskId }, 'result not stored'))
  }

  cancel(taskId: string, reason: string): void {
    this.#running.get(taskId)?.abort(new Error(reason))
  }

  /** A task that was granted before a restart: its pod ended with the old process. */
  resume(taskId: string): void {
    const message =
      'The delegate restarted while it ran the task, and the pod ended with it. Look at the database, then run the step again.'
    this.#background(
      this.#endWith(taskId, 'failed', { code: 'DELEGATE_LOST', message, failureTypes: ['DelegateRestart'] }),
    )
  }

  /** A task that never ran. */
  skip(taskId: string, status: TaskResult['status'], message: string): void {
    this.#background(
      this.#endWith(taskId, status, {
        code: status === 'cancelled' ? 'ABORTED' : 'TASK_REJECTED',
        message,
        failureTypes: ['Unknown'],
      }),
    )
  }

  get runningCount(): number {
    return this.#running.size
  }

  async #endWith(taskId: string, status: TaskResult['status'], failure: Failure): Promise<void> {
    await this.#end({ taskId, status, failure, startedAt: null, endedAt: Date.now() })
  }

  async #end(result: TaskResult): Promise<void> {
    try {
      await this.#store.saveResult(result)
    } catch (error) {
      // Kept in memory and sent from there; a full disk must not hide how the step ended.
      this.#logger.error({ err: error, taskId: result.taskId }, 'result not on disk')
    }
    this.#send({ type: 'taskFinished', taskId: result.taskId })
  }

  #background(work: Promise<void>): void {
    work.catch((error: unknown) => this.#logger.error({ err: error }, 'task'))
  }
}
