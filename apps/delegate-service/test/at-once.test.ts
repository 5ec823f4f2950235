import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { until } from '@sluice/testing'
import {
  eventsOf,
  makeToken,
  newAccountId,
  startWorld,
  submit,
  told,
  type Replica,
  type World,
} from './start-delegate-service.ts'
import { joinDelegate, type TestDelegate } from './test-delegate.ts'

/** Here the periodic look never comes round: what happens, happens at once. */
let world: World
let replica: Replica
let accountId: string
let token: string
const delegates: TestDelegate[] = []

beforeAll(async () => {
  world = await startWorld()
  replica = await world.start({ watchEveryMs: 600_000, presenceEveryMs: 600_000 })
})
afterAll(() => world?.stop())
beforeEach(async () => {
  accountId = newAccountId()
  token = (await makeToken(world, accountId)).token
})
afterEach(() => {
  for (const delegate of delegates.splice(0)) delegate.drain()
})

async function join(options: Partial<Parameters<typeof joinDelegate>[2]> = {}): Promise<TestDelegate> {
  const delegate = await joinDelegate(world, replica.url, { token, ...options })
  delegates.push(delegate)
  return delegate
}

test('a delegate that connects gets the task that waits', async () => {
  const task = await submit(world, accountId)
  await told(world, task, 'task.waiting')
  const delegate = await join()

  await delegate.running(task.taskId)
})

test('a delegate that has room again gets the task that waits', async () => {
  const delegate = await join({ capacity: 1 })
  const first = await submit(world, accountId)
  await delegate.running(first.taskId)
  const second = await submit(world, accountId)
  await told(world, second, 'task.waiting')
  await delegate.finish(first.taskId)

  await delegate.running(second.taskId)
})

test('an offer that is declined goes to the next delegate', async () => {
  await join({ name: 'a', decide: () => ({ code: 'busy', message: 'not now' }) })
  const willing = await join({ name: 'b' })
  const tasks = [await submit(world, accountId), await submit(world, accountId)]

  for (const { taskId } of tasks) await willing.running(taskId)
})

test('an offer that nobody answers goes to the next delegate', async () => {
  const willing = await join({ name: 'b' })
  const first = await submit(world, accountId)
  await willing.running(first.taskId)
  // Less loaded, so it is asked first; it lives and says nothing to offers.
  const deaf = await join({ name: 'a' })
  const apply = deaf.loop.apply.bind(deaf.loop)
  deaf.loop.apply = (event) => {
    if (event.type !== 'frame' || event.frame.kind !== 'task.offer') apply(event)
  }
  const task = await submit(world, accountId)

  await willing.running(task.taskId)
})

test('what its owner forbade is offered again when the delegate comes back', async () => {
  let isAllowed = false
  const delegate = await join({
    decide: () => (isAllowed ? undefined : { code: 'policy', message: 'not this host' }),
  })
  const task = await submit(world, accountId)
  await told(world, task, 'task.waiting')
  isAllowed = true
  await delegate.loop.closed(0)

  await delegate.running(task.taskId)
})

test('a delegate that disconnects is passed over, and its offer goes elsewhere', async () => {
  const leaving = await join({ name: 'a' })
  leaving.drain(0)
  await leaving.stopped
  await until(
    async () =>
      (await world.admin.query('select 1 from delegate.delegates where account_id = $1 and not connected', [accountId]))
        .rowCount === 1,
    { what: 'the delegate to count as disconnected' },
  )
  const task = await submit(world, accountId)

  expect((await told(world, task, 'task.waiting')).message).toMatch(/"a" is not connected \(last heard of \d s ago\)/)
  expect(await eventsOf(world, task)).toHaveLength(1)
})
