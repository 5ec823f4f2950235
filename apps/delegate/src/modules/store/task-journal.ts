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
    const tasks: RecoveredTask[] = []
    for (const name of names.filter((candidate) => candidate.endsWith('.grant.json'))) {
      const taskId = name.slice(0, -'.grant.json'.length)
      const grant = Grant.safeParse(JSON.parse((await readIfThere(this.#path(taskId, 'grant'))) ?? 'null'))
      if (!grant.success) continue
      const state = names.includes(`${taskId}.result.json`) ? 'result' : 'granted'
      tasks.push({ taskId, offerId: grant.data.offerId, state })
    }
    return { journalId, tasks }
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
