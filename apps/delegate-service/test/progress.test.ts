import { TaskProgress } from '@sluice/contracts/task-progress'
import type { SubmitTask } from '@sluice/contracts/tasks'
import { until } from '@sluice/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeToken, newAccountId, startWorld, submit, type Replica, type World } from './start-delegate-service.ts'
import { joinDelegate, type TestDelegate } from './test-delegate.ts'

let world: World
let replica: Replica
let accountId: string
let delegate: TestDelegate

beforeAll(async () => {
  world = await startWorld()
  replica = await world.start()
})
afterAll(() => world?.stop())
beforeEach(async () => {
  accountId = newAccountId()
  const { token } = await makeToken(world, accountId)
  delegate = await joinDelegate(world, replica.url, { token })
})
afterEach(() => delegate.drain())

/** Messages of a task's progress in the order of their sequence. */
async function progressOf(task: SubmitTask): Promise<TaskProgress[]> {
  const { rows } = await world.admin.query<{ body: unknown }>(
    `select body from pipeline.inbox where account_id = $1 and kind = 'task.progress' and body->>'taskId' = $2
      order by (body->>'sequence')::int`,
    [accountId, task.taskId],
  )
  return rows.map(({ body }) => TaskProgress.parse(body))
}

const unit = (seq: number, name: string, status: string) => ({
  seq,
  kind: 'unit',
  name,
  status,
  at: 1_000 + seq,
  durationMs: 0,
})

test('how far a task has come is told to the run that waits for it, joined', async () => {
  const task = await submit(world, accountId)
  await delegate.running(task.taskId)
  const changesets = 400
  for (let index = 0; index < changesets; index += 1) {
    const changeset = { path: 'a.sql', id: String(index), author: 'ann' }
    const event = { seq: index + 2, kind: 'changeset', changeset, state: 'deployed', at: 1, durationMs: 0 }
    if (index === 0) delegate.loop.addProgress(task.taskId, unit(1, 'Apply', 'running'))
    delegate.loop.addProgress(task.taskId, { ...event, index, total: changesets })
  }
  const last = await until(
    async () => (await progressOf(task)).find(({ changesets: counted }) => counted?.done === changesets),
    { what: 'the last changeset to be told' },
  )
  expect(last).toMatchObject({ attemptId: task.attemptId, sequence: changesets + 1 })
  expect((await progressOf(task)).length).toBeLessThan(4)
})

test('nobody is told of a task that no run waits for', async () => {
  const [forRun, forNobody] = [await submit(world, accountId), await submit(world, accountId, { replyTo: undefined })]
  for (const task of [forNobody, forRun]) {
    await delegate.running(task.taskId)
    delegate.loop.addProgress(task.taskId, unit(1, 'Fetch', 'running'))
  }
  await until(async () => (await progressOf(forRun)).length > 0, { what: 'the run to be told' })
  expect(await progressOf(forNobody)).toEqual([])
})
