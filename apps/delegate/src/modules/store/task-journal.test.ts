import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OfferedTask, TaskResult } from '@sluice/delegate-protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TaskJournal } from './task-journal.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-journal-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const task: OfferedTask = {
  taskId: 'tsk-1',
  attemptId: 'nod-1-1',
  type: 'pod.cleanup',
  parameters: { podId: 'pod-1' },
  secrets: [],
  timeoutMs: 1000,
  signatures: ['jws'],
}
const result: TaskResult = { taskId: 'tsk-1', status: 'succeeded', output: { a: 1 }, startedAt: 1, endedAt: 2 }

/** A journal as the next start of the delegate reads it. */
async function reopened() {
  const journal = new TaskJournal(join(folder, 'tasks'))
  return { journal, ...(await journal.load()) }
}

describe('the journal', () => {
  test('keeps its id for as long as its folder lives', async () => {
    const first = await reopened()
    expect((await reopened()).journalId).toBe(first.journalId)
    await rm(join(folder, 'tasks'), { recursive: true })
    expect((await reopened()).journalId).not.toBe(first.journalId)
  })

  test('gives back a granted task, then its result, then nothing', async () => {
    const { journal } = await reopened()
    await journal.saveGrant(task, 'msg-1')
    expect((await reopened()).tasks).toEqual([{ taskId: 'tsk-1', offerId: 'msg-1', state: 'granted' }])
    expect(await (await reopened()).journal.readTask('tsk-1')).toEqual(task)

    await journal.saveResult(result)
    expect((await reopened()).tasks).toEqual([{ taskId: 'tsk-1', offerId: 'msg-1', state: 'result' }])
    expect(await (await reopened()).journal.readResult('tsk-1')).toEqual(result)

    await journal.forget('tsk-1')
    expect((await reopened()).tasks).toEqual([])
    expect(await readdir(join(folder, 'tasks'))).toEqual(['journal-id'])
  })

  test('is readable for its owner only', async () => {
    const { journal } = await reopened()
    await journal.saveGrant(task, 'msg-1')

    expect((await stat(join(folder, 'tasks'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, 'tasks', 'tsk-1.grant.json'))).mode & 0o777).toBe(0o600)
  })

  test('takes nothing for a grant that was cut off while it was written', async () => {
    await reopened()
    await writeFile(join(folder, 'tasks', 'tsk-1.grant.json.tmp'), '{"offerId":"ms')

    expect((await reopened()).tasks).toEqual([])
    expect(await readdir(join(folder, 'tasks'))).toEqual(['journal-id'])
  })

  test('reports a task whose files are damaged as granted: it must not be taken for one that never started', async () => {
    const { journal } = await reopened()
    await journal.saveGrant(task, 'msg-1')
    await journal.saveResult(result)
    await writeFile(join(folder, 'tasks', 'tsk-1.result.json'), '')
    await writeFile(join(folder, 'tasks', 'tsk-2.grant.json'), 'x')

    expect((await reopened()).tasks).toEqual([
      { taskId: 'tsk-1', offerId: 'msg-1', state: 'granted' },
      { taskId: 'tsk-2', offerId: 'unreadable', state: 'granted' },
    ])
  })

  test('finds a result whose grant could not be written', async () => {
    const { journal } = await reopened()
    await journal.saveResult(result)

    expect((await reopened()).tasks).toEqual([{ taskId: 'tsk-1', offerId: 'unreadable', state: 'result' }])
  })

  test('keeps a result in memory that the disk did not take, until it is forgotten', async () => {
    const { journal } = await reopened()
    await rm(join(folder, 'tasks'), { recursive: true })

    await expect(journal.saveResult(result)).rejects.toThrow(/ENOENT/)
    expect(await journal.readResult('tsk-1')).toEqual(result)
  })

  test('does not let an id name a file elsewhere', async () => {
    const { journal } = await reopened()
    await journal.saveGrant({ ...task, taskId: '../../evil' }, 'msg-1')

    expect(await readdir(folder)).toEqual(['tasks'])
  })
})
