import { TASK_PROGRESS_KIND, TaskProgress } from '@sluice/contracts/task-progress'
import { sendMessage } from '@sluice/database'
import { contextOf, withContext } from '@sluice/service-kit/tracing'
import type { Deps } from '../../deps.ts'
import { foldProgress, NO_PROGRESS, type Progress } from './fold-progress.ts'
import { submissionOf } from './task-store.ts'

/** At most one message per task in this time; what comes in between is joined. */
const RELAY_EVERY_MS = 500

interface Relayed {
  progress: Progress
  /** Newest sequence that was sent. */
  sent: number
  timer: NodeJS.Timeout | undefined
  /** Undefined until the first message; null: nobody wants to know. */
  waiting: Waiting | null | undefined
}

/** The attempt that a run waits for, in the run's trace. */
interface Waiting {
  attemptId: string
  traceparent: string | undefined
}

/**
 * Carries the progress of the tasks of one connection to the runs that wait for them. Best effort: what is lost here is
 * in the next message, or in the result.
 */
export class ProgressRelay {
  readonly #deps: Deps
  readonly #tasks = new Map<string, Relayed>()
  #isClosed = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Takes the events of a `task.progress` frame. */
  add(accountId: string, taskId: string, events: readonly unknown[]): void {
    if (this.#isClosed) return
    const relayed = this.#tasks.get(taskId) ?? {
      progress: NO_PROGRESS,
      sent: 0,
      timer: undefined,
      waiting: undefined,
    }
    this.#tasks.set(taskId, relayed)
    relayed.progress = foldProgress(relayed.progress, events)
    if (relayed.timer === undefined) this.#send(accountId, taskId, relayed)
  }

  /** The task has a result: nothing more is said of its progress. */
  drop(taskId: string): void {
    clearTimeout(this.#tasks.get(taskId)?.timer)
    this.#tasks.delete(taskId)
  }

  close(): void {
    this.#isClosed = true
    for (const taskId of this.#tasks.keys()) this.drop(taskId)
  }

  #send(accountId: string, taskId: string, relayed: Relayed): void {
    const { progress } = relayed
    if (progress.sequence === relayed.sent || relayed.waiting === null) return
    relayed.sent = progress.sequence
    relayed.timer = setTimeout(() => {
      relayed.timer = undefined
      this.#send(accountId, taskId, relayed)
    }, RELAY_EVERY_MS)
    relayed.timer.unref()
    this.#tell(accountId, taskId, relayed, progress).catch((error: unknown) =>
      this.#deps.logger.warn({ err: error, taskId }, 'progress not told'),
    )
  }

  async #tell(accountId: string, taskId: string, relayed: Relayed, progress: Progress): Promise<void> {
    relayed.waiting ??= await this.#waitingFor(accountId, taskId)
    if (relayed.waiting === null) return
    const { attemptId, traceparent } = relayed.waiting
    const body = TaskProgress.parse({ taskId, attemptId, ...progress })
    const id = `${taskId}.${TASK_PROGRESS_KIND}.${progress.sequence}`
    // Frames of progress carry no trace: it is told in the one that the task came in.
    await withContext(contextOf(traceparent), async () => {
      await this.#deps.transact((tx) =>
        sendMessage(tx, { to: 'pipeline.inbox', accountId, id, kind: TASK_PROGRESS_KIND, body }),
      )
      await this.#deps.queues.wake('pipeline.inbox', { accountId, id })
    })
  }

  /** Who waits for the task; null for what is no step of a run. */
  async #waitingFor(accountId: string, taskId: string): Promise<Waiting | null> {
    const task = await this.#deps.prisma.task.findUnique({ where: { accountId_id: { accountId, id: taskId } } })
    if (task === null) return null
    const { replyTo, traceparent } = submissionOf(task)
    return replyTo === 'pipeline.inbox' ? { attemptId: task.attemptId, traceparent } : null
  }
}
