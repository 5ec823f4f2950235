import { randomUUID } from 'node:crypto'
import { join as joinPath } from 'node:path'
import { EnrolmentResponse } from '@sluice/delegate-protocol'
import { until } from '@sluice/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  cancel,
  eventsOf,
  inState,
  makeToken,
  newAccountId,
  rowOf,
  startWorld,
  submit,
  told,
  type Replica,
  type World,
} from './start-delegate-service.ts'
import { enrol, joinDelegate, runDelegate, type TestDelegate } from './test-delegate.ts'

let world: World
let replica: Replica
let accountId: string
let token: string
const delegates: TestDelegate[] = []

beforeAll(async () => {
  world = await startWorld()
  replica = await world.start()
})
afterAll(() => world?.stop())
beforeEach(async () => {
  accountId = newAccountId()
  token = (await makeToken(world, accountId)).token
})
afterEach(() => {
  for (const delegate of delegates.splice(0)) delegate.drain()
})

async function join(
  options: Partial<Parameters<typeof joinDelegate>[2]> = {},
  url = replica.url,
): Promise<TestDelegate> {
  const delegate = await joinDelegate(world, url, { token, ...options })
  delegates.push(delegate)
  return delegate
}

const selectors = (...names: string[]) => names.map((selector) => ({ selector, origin: 'step' as const }))

describe('waiting', () => {
  test('says at once why no delegate takes the task, one reason per delegate, and ends at the queue timeout', async () => {
    await join({ name: 'eu-1' })
    await join({ name: 'us-1', tags: ['gpu'] })
    await enrol(world, replica.url, { token, name: 'never' })
    const task = await submit(world, accountId, { selectors: selectors('gpu', 'linux'), queueTimeoutMs: 1_000 })
    const { message } = await told(world, task, 'task.waiting')

    expect(message).toContain('"eu-1" lacks the selector "gpu" (from the step), "linux" (from the step)')
    expect(message).toContain('"us-1" lacks the selector "linux" (from the step)')
    expect(message).toContain('"never" has never connected')
    const { result, delegateId } = await told(world, task, 'task.finished')
    expect(result).toMatchObject({
      outcome: 'failed',
      failure: { code: 'NO_ELIGIBLE_DELEGATES', message, failureTypes: ['DelegateProvisioning'] },
    })
    expect(delegateId).toBeUndefined()
    // Nothing changed meanwhile, so nothing was said again.
    expect((await eventsOf(world, task)).map(({ kind }) => kind)).toEqual(['task.waiting', 'task.finished'])
  })

  test('without any delegate says how to get one', async () => {
    const task = await submit(world, accountId)

    expect((await told(world, task, 'task.waiting')).message).toMatch(/^No delegate is installed in this account/)
    await cancel(world, task)
  })

  test('ends when a delegate has room again, and capacity is never passed', async () => {
    const delegate = await join({ capacity: 2 })
    const tasks = await Promise.all([1, 2, 3, 4].map(() => submit(world, accountId)))
    await until(() => delegate.started.length === 2, { what: 'two to run' })
    const running = [...delegate.started]
    const waiting = tasks.filter((task) => !running.some(({ taskId }) => taskId === task.taskId))
    for (const task of waiting) {
      await told(world, task, 'task.waiting', ({ message }) => /capacity of 2 tasks|busy/.test(message))
    }
    for (const { taskId } of running) await delegate.finish(taskId)

    for (const { taskId } of waiting) await delegate.running(taskId)
    expect(delegate.started).toHaveLength(4)
  })
})

describe('choosing', () => {
  test('takes a delegate that has every selector, by name or tag, and every capability', async () => {
    await join({ name: 'plain' })
    const wanted = await join({ name: 'eu-1', tags: ['Linux'], capabilities: ['runtime:process', 'runtime:docker'] })
    await join({ name: 'eu-2', tags: ['linux'] })
    const task = await submit(world, accountId, {
      selectors: selectors('linux'),
      capabilities: ['runtime:docker'],
    })

    await wanted.running(task.taskId)
    expect((await told(world, task, 'task.assigned')).delegateName).toBe('eu-1')
  })

  test('takes the least loaded', async () => {
    const one = await join({ name: 'one' })
    const two = await join({ name: 'two' })
    for (let count = 0; count < 4; count += 1) {
      const task = await submit(world, accountId)
      await told(world, task, 'task.assigned')
    }

    await until(() => one.started.length === 2 && two.started.length === 2, { what: 'two tasks each' })
  })

  test('keeps a pinned task on its delegate, or waits for it', async () => {
    const one = await join({ name: 'one' })
    const two = await join({ name: 'two' })
    const pinned = await submit(world, accountId, { delegateId: two.enrolled.delegateId })
    await two.running(pinned.taskId)
    const lost = await submit(world, accountId, { delegateId: 'dlg-gone', queueTimeoutMs: 1_000 })

    expect((await told(world, lost, 'task.waiting')).message).toContain('"one" another delegate holds the pod')
    expect((await told(world, lost, 'task.finished')).result).toMatchObject({
      failure: { code: 'NO_ELIGIBLE_DELEGATES' },
    })
    expect(one.started).toEqual([])
  })

  test('never crosses a scope', async () => {
    const shop = await makeToken(world, accountId, { org: 'shop' })
    const inShop = await join({ token: shop.token, name: 'in-shop' })
    const elsewhere = await submit(world, accountId, { scope: { accountId, orgIdentifier: 'default' } })
    const here = await submit(world, accountId)

    await inShop.running(here.taskId)
    expect((await told(world, elsewhere, 'task.waiting')).message).toContain('belongs to organisation "shop"')
    await cancel(world, elsewhere)
  })

  test('goes on to another delegate when one declines or does not answer', async () => {
    const declining = await join({ name: 'a-declines', decide: () => ({ code: 'policy', message: 'not this host' }) })
    const task = await submit(world, accountId)
    expect((await told(world, task, 'task.waiting')).message).toContain('"a-declines" declined (policy: not this host)')
    const willing = await join({ name: 'b-takes' })

    await willing.running(task.taskId)
    expect(declining.started).toEqual([])
  })

  test('a draining delegate gets nothing new and finishes what runs', async () => {
    const leaving = await join({ name: 'leaving' })
    const running = await submit(world, accountId)
    await leaving.running(running.taskId)
    leaving.drain(10_000)
    const waiting = await submit(world, accountId)

    expect((await told(world, waiting, 'task.waiting')).message).toMatch(/"leaving" (is draining|declined)/)
    await leaving.finish(running.taskId)
    expect((await told(world, running, 'task.finished')).result.outcome).toBe('succeeded')
    expect(await leaving.stopped).toMatchObject({ final: false })
    await cancel(world, waiting)
  })

  test('accounts with the same identifiers share nothing', async () => {
    const otherAccount = newAccountId()
    const tokenId = 'tok-same'
    const mine = await makeToken(world, accountId, { tokenId })
    const theirs = await makeToken(world, otherAccount, { tokenId })
    const here = await join({ token: mine.token })
    const there = await join({ token: theirs.token })
    // Even the ids of delegates may be the same.
    await there.loop.closed(0)
    there.drain(0)
    await world.admin.query('update delegate.delegates set id = $3 where account_id = $1 and id = $2', [
      otherAccount,
      there.enrolled.delegateId,
      here.enrolled.delegateId,
    ])
    const twin = await runDelegate(world, {
      enrolled: { ...there.enrolled, delegateId: here.enrolled.delegateId },
      url: replica.url,
    })
    delegates.push(twin)
    await twin.connected()
    const same = { taskId: 'tsk-same', attemptId: 'nod-same-1' }
    const [myTask, theirTask] = [await submit(world, accountId, same), await submit(world, otherAccount, same)]
    await here.running('tsk-same')
    await twin.running('tsk-same')
    await here.finish('tsk-same', { result: { outcome: 'succeeded', outputs: { whose: 'mine' }, units: [] } })

    expect((await told(world, myTask, 'task.finished')).result.outputs).toEqual({ whose: 'mine' })
    expect((await eventsOf(world, theirTask)).map(({ kind }) => kind)).toEqual(['task.assigned'])
    expect(here.loop.isConnected).toBe(true)
    await cancel(world, theirTask)
    await told(world, theirTask, 'task.finished')
    expect(here.cancelled).toEqual([])
  })
})

describe('a connection that drops', () => {
  test('between accept and grant gives the task back, and it runs once', async () => {
    const delegate = await join()
    // The grant waits for this lock, the acceptance is in by then.
    await world.admin.query('begin')
    await world.admin.query('select 1 from delegate.delegates where account_id = $1 for update', [accountId])
    const task = await submit(world, accountId)
    await until(() => /accepted/.test(JSON.stringify(delegate.loop.snapshot()['tasks'])), { what: 'the acceptance' })
    await delegate.loop.closed(0)
    await until(() => !delegate.loop.isConnected, { what: 'the connection to be gone' })
    await world.admin.query('commit')
    await delegate.running(task.taskId)
    await delegate.finish(task.taskId)

    expect((await told(world, task, 'task.finished')).result.outcome).toBe('succeeded')
    expect(delegate.started).toHaveLength(1)
  })

  test('before the grant arrives gives the task back when the delegate reports nothing of it', async () => {
    const journal = joinPath(world.folder, randomUUID())
    const delegate = await join({ journal })
    delegate.drain(0)
    await delegate.stopped
    const { rows } = await world.admin.query<{ journal: string }>('select $1::text as journal', [
      (await import('node:fs')).readFileSync(joinPath(journal, 'journal-id'), 'utf8'),
    ])
    const task = await submit(world, accountId)
    await told(world, task, 'task.waiting')
    // As a replica leaves it that died after the commit of the grant.
    await world.admin.query(
      `update delegate.task set state = 'granted', offer_id = 'msg-lost', delegate_id = $3, journal_id = $4,
              lease_until = now() + interval '1 minute', granted_at = now(), version = version + 1
        where account_id = $1 and id = $2`,
      [accountId, task.taskId, delegate.enrolled.delegateId, rows[0]?.journal],
    )
    const back = await runDelegate(world, { enrolled: delegate.enrolled, url: replica.url, journal })
    delegates.push(back)

    await back.running(task.taskId)
  })
})

describe('replicas', () => {
  test('hand offers and cancellations to the one that holds the socket', async () => {
    const other = await world.start({}, { socketsOnly: true })
    const here = await join({ name: 'here' })
    const there = await join({ name: 'there' }, other.url)
    const tasks = await Promise.all(Array.from({ length: 6 }, () => submit(world, accountId)))
    await until(() => here.started.length + there.started.length === 6, { what: 'six tasks to run' })
    for (const task of tasks) await cancel(world, task)
    for (const task of tasks) await told(world, task, 'task.finished')

    expect(here.started.length).toBeGreaterThan(0)
    expect(there.started.length).toBeGreaterThan(0)
    expect(here.cancelled.length + there.cancelled.length).toBe(6)
    await other.stop()
  })

  test('a delegate that moves to another replica is superseded on the first', async () => {
    const other = await world.start()
    const delegate = await join()
    const moved = await runDelegate(world, { enrolled: delegate.enrolled, url: other.url })
    delegates.push(moved)
    await until(() => !delegate.loop.isConnected, { what: 'the older connection to end' })
    delegate.drain(0)
    await moved.connected()
    const task = await submit(world, accountId)

    await moved.running(task.taskId)
    await other.stop()
  })

  test('an offer to a replica that died goes to another delegate at once', async () => {
    const dead = await enrol(world, replica.url, { token, name: 'a-dead' })
    await world.admin.query(
      `update delegate.delegates set connected = true, replica_id = 'rep-gone', connection_id = 'con-gone', capacity = 8,
              capabilities = '{runtime:process}', last_heartbeat_at = now() where account_id = $1 and id = $2`,
      [accountId, EnrolmentResponse.parse(dead.body).delegateId],
    )
    const task = await submit(world, accountId)
    const waiting = await told(world, task, 'task.waiting')
    const alive = await join({ name: 'b-alive' })

    expect(waiting.message).toMatch(/"a-dead" is not connected/)
    await alive.running(task.taskId)
  })

  test('one that restarts moves its delegates without touching what they run', async () => {
    const leaving = await world.start()
    const delegate = await join({}, leaving.url)
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    await inState(world, task, 'running')
    const { wakes } = delegate.loop.snapshot()
    await leaving.stop(2_000)

    expect(JSON.stringify(delegate.loop.snapshot()['wakes'])).toContain('the server moves the connection')
    expect(JSON.stringify(wakes)).not.toContain('the server moves the connection')
    expect((await rowOf(world, task))['state']).toBe('running')
    expect(delegate.cancelled).toEqual([])
  })
})
