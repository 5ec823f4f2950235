import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { until } from '@sluice/testing'
import {
  cancel,
  eventsOf,
  inState,
  makeToken,
  newAccountId,
  rowOf,
  startWorld,
  submit,
  taskOf,
  told,
  type Replica,
  type World,
} from './start-delegate-service.ts'
import { joinDelegate, runDelegate, type TestDelegate } from './test-delegate.ts'

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

async function join(options: Partial<Parameters<typeof joinDelegate>[2]> = {}): Promise<TestDelegate> {
  const delegate = await joinDelegate(world, replica.url, { token, ...options })
  delegates.push(delegate)
  return delegate
}

describe('a task', () => {
  test('is offered, granted, run, and its result told exactly once', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    const offered = await delegate.running(task.taskId)
    await delegate.finish(task.taskId, { result: { outcome: 'succeeded', outputs: { podId: 'pod-1' }, units: [] } })
    const finished = await told(world, task, 'task.finished')

    expect(offered).toMatchObject({ type: 'pod.cleanup', attemptId: task.attemptId, signatures: task.signatures })
    expect(finished).toMatchObject({ delegateName: 'local', delegateId: delegate.enrolled.delegateId, large: [] })
    expect(finished.result).toMatchObject({ outcome: 'succeeded', outputs: { podId: 'pod-1' } })
    expect((await eventsOf(world, task)).map((event) => event.kind)).toEqual(['task.assigned', 'task.finished'])
    // The acknowledgement ends the sending.
    await until(() => JSON.stringify(delegate.loop.snapshot()['tasks']) === '[]', {
      what: 'the result to be forgotten',
    })
  })

  test('a result that comes again is acknowledged and not counted again', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    await delegate.finish(task.taskId)
    const first = await told(world, task, 'task.finished')
    const { closeWithResult } = await import('../src/modules/task/end-task.ts')
    const again = { taskId: task.taskId, status: 'failed' as const, startedAt: 1, endedAt: 2 }

    expect(await closeWithResult(replica.deps, accountId, delegate.enrolled.delegateId, again)).toBe('duplicate')
    expect(await closeWithResult(replica.deps, accountId, 'dlg-other', again)).toBe('late')
    const unknown = { ...again, taskId: 'tsk-none' }
    expect(await closeWithResult(replica.deps, accountId, delegate.enrolled.delegateId, unknown)).toBe('unknown')
    expect(await told(world, task, 'task.finished')).toEqual(first)
  })

  test('two results of one task at the same moment are one', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    const { closeWithResult } = await import('../src/modules/task/end-task.ts')
    const result = { taskId: task.taskId, status: 'failed' as const, startedAt: 1, endedAt: 2 }
    const close = () => closeWithResult(replica.deps, accountId, delegate.enrolled.delegateId, result)

    expect((await Promise.all([close(), close(), close()])).sort()).toEqual(['duplicate', 'duplicate', 'stored'])
    expect((await eventsOf(world, task)).filter((event) => event.kind === 'task.finished')).toHaveLength(1)
  })

  test('the same message again is the same task', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    await submit(world, accountId, task)
    await world.send(accountId, 'another-message', 'task.submit', { ...task, taskId: 'tsk-again' })
    await until(
      async () =>
        (
          await world.admin.query(
            `select 1 from delegate.inbox where id = 'another-message' and processed_at is not null`,
          )
        ).rowCount === 1,
      { what: 'the second message to be applied' },
    )

    const { rows } = await world.admin.query('select id from delegate.task where account_id = $1', [accountId])
    expect(rows).toEqual([{ id: task.taskId }])
    expect(delegate.started).toHaveLength(1)
  })

  test('large outputs are kept in chunks of at most 1 MiB and referenced with their hash', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    const content = JSON.stringify({ sql: 'ä'.repeat(1_600_000) })
    await delegate.finish(task.taskId, { large: [{ name: 'plan', content }] })
    const { large } = await told(world, task, 'task.finished')

    const { rows } = await world.admin.query<{ bytes: Buffer; chunk_index: number }>(
      'select bytes, chunk_index from delegate.task_output where account_id = $1 and output_id = $2 order by chunk_index',
      [accountId, large[0]?.outputId],
    )
    const whole = Buffer.concat(rows.map((row) => row.bytes))
    expect(rows.map((row) => row.chunk_index)).toEqual([0, 1, 2, 3])
    expect(Math.max(...rows.map((row) => row.bytes.length))).toBeLessThanOrEqual(1_048_576)
    expect(whole.toString('utf8')).toBe(content)
    expect(large).toEqual([
      {
        name: 'plan',
        outputId: large[0]?.outputId,
        bytes: whole.length,
        sha256: createHash('sha256').update(whole).digest('hex'),
      },
    ])
  })

  test('text that Postgres can not store is told all the same', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    await delegate.finish(task.taskId, {
      result: { outcome: 'succeeded', outputs: { odd: 'a\0b', half: '\ud83d!' }, units: [] },
    })

    const { result } = await told(world, task, 'task.finished')
    expect(result.outputs).toEqual({ odd: 'a\uFFFDb', half: '\uFFFD!' })
  })

  test('outputs that no message can carry end the task with a sentence, not in an endless repetition', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    const outputs = Object.fromEntries([1, 2, 3, 4, 5].map((part) => [`part${part}`, 'x'.repeat(250_000)]))
    await delegate.finish(task.taskId, { result: { outcome: 'succeeded', outputs, units: [] } })

    const { result } = await told(world, task, 'task.finished')
    expect(result).toMatchObject({ outcome: 'failed', failure: { code: 'STEP_FAILED' } })
    expect(result.outcome === 'failed' && result.failure.message).toMatch(/outputs are larger than 1 MiB/)
  })

  test('a result that this version does not understand is a failure', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    await delegate.finish(task.taskId, {}, { output: { something: 'else' } })

    expect((await told(world, task, 'task.finished')).result).toMatchObject({ outcome: 'failed' })
    expect(await rowOf(world, task)).toMatchObject({ state: 'finished', closed_as: 'failed' })
  })

  test('that nobody signed, or that was changed behind the signature, is refused and reaches no delegate', async () => {
    const delegate = await join()
    const unsigned = taskOf(accountId)
    const signed = await world.sign(taskOf(accountId))
    const secrets = [{ name: 'database.password', secretId: 'sec-other', version: 1 }]
    const parameters = { kind: 'pod.cleanup' as const, parameters: { podId: 'pod-of-another' } }
    const other = await world.sign(taskOf(accountId))
    const forged = [unsigned, { ...signed, secrets }, { ...other, task: parameters }]
    for (const task of forged) await world.send(accountId, task.taskId, 'task.submit', task)

    for (const task of forged) {
      const { result } = await told(world, task, 'task.finished')
      expect(result).toMatchObject({ outcome: 'failed', failure: { code: 'TASK_REJECTED' } })
    }
    expect(delegate.started).toEqual([])
  })

  test('one that no frame can carry is refused at once', async () => {
    const source = { url: 'https://git.test/a', location: 'x', branch: 'main' }
    const properties = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`p${index}`, 'v'.repeat(4_096)]))
    const task = await submit(world, accountId, {
      task: {
        kind: 'pod.execute',
        parameters: {
          podId: 'pod-1',
          stepName: 's',
          attemptId: 'a',
          logKey: `${accountId}/pex/nod/1`,
          step: {
            run: { operation: 'preview' },
            source,
            target: { jdbcUrl: 'jdbc:postgresql://db/x' },
            filters: { properties },
            lockWaitMs: 0,
          },
        },
      },
    })

    const { result } = await told(world, task, 'task.finished')
    expect(result).toMatchObject({ failure: { code: 'TASK_REJECTED' } })
  })
})

describe('cancelling', () => {
  test('a queued task ends at once', async () => {
    const task = await submit(world, accountId)
    await told(world, task, 'task.waiting')
    await cancel(world, task)

    const { result } = await told(world, task, 'task.finished')
    expect(result).toMatchObject({ failure: { code: 'ABORTED', message: 'aborted by Ann' } })
    expect(await rowOf(world, task)).toMatchObject({ state: 'finished', closed_as: 'cancelled' })
  })

  test('a running task is stopped on its delegate and closed by its result', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    await cancel(world, task)

    const { result } = await told(world, task, 'task.finished')
    expect(delegate.cancelled).toEqual([task.taskId])
    expect(result).toMatchObject({ outcome: 'failed', failure: { message: 'aborted by Ann' } })
  })

  test('a cancellation whose notice was lost on its way reaches the delegate by its next heartbeat', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    // What a cancellation leaves when Redis is away at that moment: the row knows, the delegate doesn't.
    await world.admin.query(
      `update delegate.task set cancel_reason = 'aborted by Ann', version = version + 1 where account_id = $1 and id = $2`,
      [accountId, task.taskId],
    )

    const { result } = await told(world, task, 'task.finished')
    expect(delegate.cancelled).toEqual([task.taskId])
    expect(result).toMatchObject({ outcome: 'failed', failure: { message: 'aborted by Ann' } })
  })

  test('a cancellation that overtakes its task still ends it', async () => {
    const late = { taskId: `tsk-${newAccountId()}` }
    await world.send(accountId, 'early', 'task.cancel', { accountId, taskId: late.taskId, reason: 'too late' })
    await until(
      async () =>
        (await world.admin.query(`select 1 from delegate.inbox where account_id = $1 and attempts > 0`, [accountId]))
          .rowCount,
      { what: 'the cancellation to come first' },
    )
    const task = await submit(world, accountId, late)

    expect((await told(world, task, 'task.finished')).result).toMatchObject({ failure: { code: 'ABORTED' } })
  })

  test('a task past its timeout is stopped and says so', async () => {
    const delegate = await join()
    const task = await submit(world, accountId, { timeoutMs: 1_000 })
    await delegate.running(task.taskId)

    const { result } = await told(world, task, 'task.finished')
    expect(result).toMatchObject({ failure: { code: 'TASK_TIMED_OUT', failureTypes: ['Timeout'] } })
  })
})

describe('a lost delegate', () => {
  test('whose lease ran out ends the task as DELEGATE_LOST; its late result changes nothing', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    // Its process is gone: no more heartbeats.
    await delegate.loop.closed(0)
    delegate.drain(0)

    const { result, delegateName } = await told(world, task, 'task.finished')
    expect(result).toMatchObject({
      outcome: 'failed',
      failure: { code: 'DELEGATE_LOST', failureTypes: ['DelegateRestart'] },
    })
    expect(result.outcome === 'failed' && result.failure.message).toContain('"local"')
    expect(delegateName).toBe('local')
    expect(await rowOf(world, task)).toMatchObject({ state: 'lost' })
    const { closeWithResult } = await import('../src/modules/task/end-task.ts')
    const late = { taskId: task.taskId, status: 'succeeded' as const, startedAt: 1, endedAt: 2 }
    expect(await closeWithResult(replica.deps, accountId, delegate.enrolled.delegateId, late)).toBe('late')
  })

  test('a connection that drops for less than the lease touches no running task', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    await inState(world, task, 'running')
    await delegate.loop.closed(0)
    await until(() => !delegate.loop.isConnected, { what: 'the connection to be gone' })
    await delegate.connected()
    await delegate.finish(task.taskId)

    expect((await told(world, task, 'task.finished')).result.outcome).toBe('succeeded')
    expect(delegate.started).toHaveLength(1)
  })

  test('that comes back with a result keeps it: a restart between result and acknowledgement', async () => {
    const journal = `${world.folder}/${newAccountId()}`
    const delegate = await join({ journal })
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    await inState(world, task, 'running')
    delegate.drain(0)
    await delegate.stopped
    await delegate.finish(task.taskId)
    const restarted = await runDelegate(world, { enrolled: delegate.enrolled, url: replica.url, journal })
    delegates.push(restarted)

    expect((await told(world, task, 'task.finished')).result.outcome).toBe('succeeded')
  })

  test('whose journal is gone loses its task at once, and it is not run again', async () => {
    const delegate = await join()
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    await inState(world, task, 'running')
    delegate.drain(0)
    await delegate.stopped
    const reborn = await runDelegate(world, { enrolled: delegate.enrolled, url: replica.url })
    delegates.push(reborn)

    const { result } = await told(world, task, 'task.finished')
    expect(result).toMatchObject({ failure: { code: 'DELEGATE_LOST' } })
    expect(result.outcome === 'failed' && result.failure.message).toMatch(/without its journal/)
    expect(reborn.started).toEqual([])
  })
})
