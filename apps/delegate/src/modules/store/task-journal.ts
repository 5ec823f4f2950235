import { randomUUID } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { OfferedTask, TaskResult, type DelegateStore, type RecoveredTask } from '@sluice/delegate-protocol'
import { z } from 'zod'
import { readIfThere, removeDurable, writeDurable } from './durable-file.ts'

const Grant = z.object({ offerId: z.string(), task: OfferedTask })

/** The delegate's tasks on disk: one file a grant, one file a result, and an id made with the folder. */
export class TaskJournal implements DelegateStore {
  readonly #folder: string
  /** Results that could not be written; kept while the process lives. */
  readonly #unwritten = new Map<string, TaskResult>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async load(): Promise<{ journalId: string; tasks: RecoveredTask[] }> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const idFile = join(this.#folder, 'journal-id')
    let journalId = await readIfThere(idFile)
    if (journalId === undefined) {
      journalId = `jnl-${randomUUID()}`
      await writeDurable(idFile, journalId)
    }
    const names = await readdir(this.#folder)
    for (const name of names) if (name.endsWith('.tmp')) await removeDurable(join(this.#folder, name))
    const taskIds = new Set(names.flatMap((name) => /^(.+)\.(?:grant|result)\.json$/.exec(name)?.[1] ?? []))
    const tasks: RecoveredTask[] = []
    for (const taskId of taskIds) tasks.push(await this.#recover(taskId))
    return { journalId, tasks }
  }

  /**
   * A file that can't be read still proves that the task was granted here: it is reported, never passed over, because
   * the server would take a task that nobody mentions for one that was never started.
   */
  async #recover(taskId: string): Promise<RecoveredTask> {
    const grant = Grant.safeParse(await this.#readJson(taskId, 'grant'))
    const result = TaskResult.safeParse(await this.#readJson(taskId, 'result'))
    const offerId = grant.success ? grant.data.offerId : 'unreadable'
    return { taskId, offerId, state: result.success ? 'result' : 'granted' }
  }

  async #readJson(taskId: string, kind: 'grant' | 'result'): Promise<unknown> {
    const text = await readIfThere(this.#path(taskId, kind))
    try {
      return text === undefined ? undefined : JSON.parse(text)
    } catch {
      return undefined
    }
  }

  async saveGrant(task: OfferedTask, offerId: string): Promise<void> {
    await writeDurable(this.#path(task.taskId, 'grant'), JSON.stringify({ offerId, task }))
  }

  async readTask(taskId: string): Promise<OfferedTask | undefined> {
    const text = await readIfThere(this.#path(taskId, 'grant'))
    return text === undefined ? undefined : Grant.parse(JSON.parse(text)).task
  }

  async saveResult(result: TaskResult): Promise<void> {
    this.#unwritten.set(result.taskId, result)
    await writeDurable(this.#path(result.taskId, 'result'), JSON.stringify(result))
    this.#unwritten.delete(result.taskId)
  }

  async readResult(taskId: string): Promise<TaskResult | undefined> {
    const unwritten = this.#unwritten.get(taskId)
    if (unwritten !== undefined) return unwritten
    const text = await readIfThere(this.#path(taskId, 'result'))
    return text === undefined ? undefined : TaskResult.parse(JSON.parse(text))
  }

  async forget(taskId: string): Promise<void> {
    this.#unwritten.delete(taskId)
    // The grant goes last: a result without its grant would be found by nobody.
    await removeDurable(this.#path(taskId, 'result'))
    await removeDurable(this.#path(taskId, 'grant'))
  }

  #path(taskId: string, kind: 'grant' | 'result'): string {
    return join(this.#folder, `${taskId.replaceAll(/[^\w-]/g, '_')}.${kind}.json`)
  }
}
