import { newId } from '@sluice/contracts/ids'
import * as pipelines from '@sluice/contracts/pipelines'
import { AppError } from '@sluice/contracts/errors'
import { once } from 'node:events'
import { until } from '@sluice/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ServiceProcess } from './start-service.ts'
import { pipelineYaml, playToEnd, PROJECT, startRun, startSystem, type TestSystem } from './start-system.ts'

let system: TestSystem
let service: ServiceProcess
let accountId: string
let token: string

beforeAll(async () => {
  system = await startSystem()
  service = await system.start()
  accountId = newId('acc')
  token = await system.person(accountId, 'editor')
})
afterAll(() => system?.stop())
beforeEach(() => {
  system.manager.beforeAnswer = async () => undefined
  system.manager.beforeReport = () => undefined
})

const run = (identifier: string, steps: readonly string[] = ['apply'], timeout?: string) =>
  startRun(system, service, token, { identifier, text: pipelineYaml(identifier, steps, timeout) })

const submissionsOf = (executionId: string) =>
  system.manager.submissions.filter((submission) => submission.executionId === executionId)

/** Each node leaves a state once, and begins where it was. */
async function expectEachTransitionOnce(executionId: string): Promise<void> {
  const { rows } = await system.admin.query<{ node: string; was: string; becomes: string }>(
    `select plan_node_id as node, from_status as was, to_status as becomes from pipeline.node_transition
      where execution_id = $1 order by seq`,
    [executionId],
  )
  const moves = rows.map(({ node: name, was, becomes }) => `${name}: ${was} → ${becomes}`)
  expect(moves.length).toBeGreaterThan(0)
  expect(moves.filter((move, index) => moves.indexOf(move) !== index)).toEqual([])
}

/** What is known of a node. */
async function node(
  executionId: string,
  name: string,
): Promise<{
  status: string
  failureInfo: { code: string; message: string } | null
  progressData: { message: string } | null
}> {
  const { data } = await system.call(service, pipelines.getExecution, { token, params: { executionId } })
  const { executionGraph } = data as { executionGraph: { nodeMap: Record<string, { name: string }> } }
  return Object.values(executionGraph.nodeMap).find((candidate) => candidate.name === name) as never
}

test('a run goes from init over its steps to cleanup, each task submitted for the person who started it', async () => {
  const executionId = await run('plain', ['one', 'two'])
  await playToEnd(system, executionId, ['one', 'two'])
  expect(await system.ended(executionId)).toBe('SUCCEEDED')
  expect(submissionsOf(executionId).map(({ kind }) => kind)).toEqual([
    'pod.init',
    'pod.execute',
    'pod.execute',
    'pod.cleanup',
  ])
  for (const submission of submissionsOf(executionId)) expect(submission.accountId).toBe(accountId)
  await until(
    async () =>
      system.manager.reports.filter(
        (report) =>
          report.attemptId.startsWith('nod-') &&
          submissionsOf(executionId).some(({ attemptId }) => attemptId === report.attemptId),
      ).length === 2,
    { what: 'both reports' },
  )
})

test('kill -9 between submit and answer: the same attempt is submitted again and stays one task', async () => {
  let held = false
  system.manager.beforeAnswer = async (submission, signal) => {
    if (submission.kind !== 'pod.init' || held) return
    held = true
    await once(signal, 'abort')
  }
  const executionId = await run('killed')
  await until(async () => held, { what: 'the submission to arrive' })
  await service.kill()
  service = await system.start()

  await until(async () => submissionsOf(executionId).length >= 2, {
    what: 'the attempt to be submitted again',
    deadlineMs: 25_000,
  })
  await playToEnd(system, executionId, ['apply'])
  expect(await system.ended(executionId)).toBe('SUCCEEDED')
  const inits = submissionsOf(executionId).filter(({ kind }) => kind === 'pod.init')
  expect(inits.length).toBeGreaterThanOrEqual(2)
  expect(new Set(inits.map(({ attemptId, taskId }) => `${attemptId} ${taskId}`)).size).toBe(1)
  await expectEachTransitionOnce(executionId)
})

test('kill -9 after a result was sent: the result is applied by whoever comes next', async () => {
  const executionId = await run('killed_late')
  const init = await system.manager.submitted(executionId, 'pod.init')
  await service.kill()
  await system.tell(init, 'task.assigned')
  await system.tell(init, 'task.finished')
  service = await system.start()
  await playToEnd(system, executionId, ['apply'])
  expect(await system.ended(executionId)).toBe('SUCCEEDED')
})

test('an event that comes twice, or late, changes nothing', async () => {
  const executionId = await run('twice', ['one', 'two'])
  await playToEnd(system, executionId, ['one', 'two'], 3)
  expect(await system.ended(executionId)).toBe('SUCCEEDED')
  await system.tell(await system.manager.submitted(executionId, 'pod.execute', 'one'), 'task.finished', {
    failure: 'too late',
    copies: 5,
  })
  await until(
    async () => (await system.admin.query('select 1 from pipeline.inbox where processed_at is null')).rows.length === 0,
    { what: 'the late events to be read' },
  )
  expect(await system.statusOf(executionId)).toBe('SUCCEEDED')
  expect(submissionsOf(executionId).filter(({ kind }) => kind === 'pod.execute')).toHaveLength(2)
  await expectEachTransitionOnce(executionId)
})

test('an event of an attempt that nobody knows is put aside, and the next one is read', async () => {
  const executionId = await run('strange')
  const init = await system.manager.submitted(executionId, 'pod.init')
  await system.tell({ ...init, attemptId: `${newId('nod')}-1`, taskId: newId('tsk') }, 'task.finished')
  await playToEnd(system, executionId, ['apply'])
  expect(await system.ended(executionId)).toBe('SUCCEEDED')
})

test('a failed task fails the run with its code and sentence, and the pod is taken away all the same', async () => {
  const executionId = await run('failed', ['one', 'two'])
  const init = await system.manager.submitted(executionId, 'pod.init')
  await system.tell(init, 'task.assigned')
  await system.tell(init, 'task.finished')
  const one = await system.manager.submitted(executionId, 'pod.execute', 'one')
  await system.tell(one, 'task.finished', { failure: 'relation "x" does not exist' })
  expect(await system.ended(executionId)).toBe('FAILED')
  expect(await node(executionId, 'one')).toMatchObject({
    failureInfo: { code: 'STATEMENT_FAILED', message: 'relation "x" does not exist' },
  })
  await system.manager.submitted(executionId, 'pod.cleanup')
  expect(submissionsOf(executionId).filter(({ body }) => body.kind === 'pod.execute')).toHaveLength(1)
})

test('a submission that ng-manager refuses fails the step with its sentence', async () => {
  system.manager.beforeAnswer = async ({ kind }) => {
    if (kind === 'pod.init') throw new AppError('REFERENCE_NOT_FOUND', 'There is no DB schema "orders".')
  }
  const executionId = await run('refused')
  expect(await system.ended(executionId)).toBe('FAILED')
  expect(await node(executionId, 'Initialize')).toMatchObject({
    failureInfo: { code: 'REFERENCE_NOT_FOUND', message: 'There is no DB schema "orders".' },
  })
})

test('an ng-manager that is down for a moment costs no run', async () => {
  system.manager.isDown = true
  const executionId = await run('edge_down')
  await until(
    async () =>
      (await node(executionId, 'Initialize')).status === 'QUEUED' || (await system.statusOf(executionId)) === 'RUNNING',
    { what: 'the run to begin' },
  )
  system.manager.isDown = false
  await playToEnd(system, executionId, ['apply'])
  expect(await system.ended(executionId)).toBe('SUCCEEDED')
})

test('a report is sent until it is acknowledged, and then no more', async () => {
  let refusals = 0
  system.manager.beforeReport = () => {
    if (refusals >= 2) return
    refusals += 1
    throw new AppError('SERVICE_UNAVAILABLE', 'dbdevops-service restarts.')
  }
  const executionId = await run('reported')
  await playToEnd(system, executionId, ['apply'])
  const { attemptId } = await system.manager.submitted(executionId, 'pod.execute')
  const sent = () => system.manager.reports.filter((report) => report.attemptId === attemptId)
  await until(async () => sent().length === 1, { what: 'the report to be taken', deadlineMs: 40_000 })
  expect(refusals).toBe(2)
  await until(
    async () =>
      (
        await system.admin.query('select 1 from pipeline.step_report where attempt_id = $1 and sent_at is not null', [
          attemptId,
        ])
      ).rows.length === 1,
    { what: 'the acknowledgement to be stored' },
  )
  expect(sent()).toHaveLength(1)
}, 60_000)

test('an abort cancels the running task, waits for its true end and then ends the run', async () => {
  const executionId = await run('aborted', ['one', 'two'])
  const init = await system.manager.submitted(executionId, 'pod.init')
  await system.tell(init, 'task.assigned')
  await system.tell(init, 'task.finished')
  const one = await system.manager.submitted(executionId, 'pod.execute', 'one')
  await system.tell(one, 'task.assigned')
  await until(async () => (await node(executionId, 'one')).status === 'RUNNING', { what: 'the step to run' })
  const abort = () =>
    system.call(service, pipelines.interruptExecution, {
      token,
      params: { executionId },
      query: { ...PROJECT, interruptType: 'AbortAll' },
    })
  expect((await abort()).status).toBe(200)
  await until(
    async () =>
      system.manager.cancels.some((cancel) => cancel.attemptId === one.attemptId && cancel.taskId === one.taskId),
    { what: 'the cancellation' },
  )
  expect(await system.statusOf(executionId)).toBe('ABORTING')

  await system.tell(one, 'task.finished', { failure: 'cancelled on the server' })
  expect(await system.ended(executionId)).toBe('ABORTED')
  expect(submissionsOf(executionId).filter(({ kind }) => kind === 'pod.execute')).toHaveLength(1)
  await system.manager.submitted(executionId, 'pod.cleanup')
  expect(await abort()).toMatchObject({ status: 409, code: 'INVALID_STATE' })
})

test('an abort that meets a submission under way still cancels its task', async () => {
  let release: (() => void) | undefined
  system.manager.beforeAnswer = async ({ kind, executionId: of }) => {
    if (kind === 'pod.init' && release === undefined && of !== '')
      await new Promise<void>((resolve) => (release = resolve))
  }
  const executionId = await run('aborted_early')
  const init = await system.manager.submitted(executionId, 'pod.init')
  await system.call(service, pipelines.interruptExecution, {
    token,
    params: { executionId },
    query: { ...PROJECT, interruptType: 'AbortAll' },
  })
  release?.()
  await until(async () => system.manager.cancels.some(({ taskId }) => taskId === init.taskId), {
    what: 'the cancellation',
    deadlineMs: 20_000,
  })
  await system.tell(init, 'task.finished', { failure: 'cancelled' })
  expect(await system.ended(executionId)).toBe('ABORTED')
})

test('a step whose time is up is cancelled by the timer, without any event', async () => {
  const executionId = await run('timed_out', ['slow'], '1s')
  const init = await system.manager.submitted(executionId, 'pod.init')
  await system.tell(init, 'task.assigned')
  await system.tell(init, 'task.finished')
  const slow = await system.manager.submitted(executionId, 'pod.execute', 'slow')
  await system.tell(slow, 'task.assigned')
  await until(async () => system.manager.cancels.some(({ taskId }) => taskId === slow.taskId), {
    what: 'the timer',
    deadlineMs: 10_000,
  })
  await system.tell(slow, 'task.finished', { failure: 'cancelled' })
  expect(['EXPIRED', 'FAILED']).toContain(await system.ended(executionId))
  expect((await node(executionId, 'slow')).failureInfo?.message).toMatch(/1s/)
})

test('why a task waits is told at once', async () => {
  const executionId = await run('waiting')
  const init = await system.manager.submitted(executionId, 'pod.init')
  await system.tell(init, 'task.waiting', { message: 'no delegate has the selector "moon"' })
  await until(
    async () => (await node(executionId, 'Initialize')).progressData?.message === 'no delegate has the selector "moon"',
    { what: 'the sentence' },
  )
  await playToEnd(system, executionId, ['apply'])
  expect(await system.ended(executionId)).toBe('SUCCEEDED')
})

test('two replicas that race over the same runs submit each attempt as one task and move each node once', async () => {
  const other = await system.start()
  const names = ['race_a', 'race_b', 'race_c', 'race_d']
  const steps = ['one', 'two', 'three']
  const executions = await Promise.all(
    names.map((identifier, index) =>
      startRun(system, index % 2 === 0 ? service : other, token, { identifier, text: pipelineYaml(identifier, steps) }),
    ),
  )
  await Promise.all(executions.map((executionId) => playToEnd(system, executionId, steps, 2)))
  for (const executionId of executions) {
    expect(await system.ended(executionId)).toBe('SUCCEEDED')
    const tasks = new Map(
      submissionsOf(executionId).map(({ attemptId, kind, taskId }) => [`${attemptId} ${kind}`, taskId]),
    )
    expect(tasks.size).toBe(steps.length + 2)
    expect(new Set(submissionsOf(executionId).map(({ taskId }) => taskId)).size).toBe(tasks.size)
    await expectEachTransitionOnce(executionId)
  }
  expect(await other.stop()).toBe(0)
}, 60_000)

test('a run whose wake-up was lost with Redis is found by the reconciler', async () => {
  const created = await system.call(service, pipelines.createPipeline, { token, body: pipelineYaml('lost') })
  expect(created.status).toBe(201)
  await system.redis.stop()
  const started = await system.call(service, pipelines.executePipeline, { token, params: { identifier: 'lost' } })
  expect(started.status, started.text).toBe(200)
  const executionId = (started.data as { planExecution: { uuid: string } }).planExecution.uuid
  await system.restartRedis()

  await until(async () => submissionsOf(executionId).length > 0, {
    what: 'the reconciler to find the run',
    deadlineMs: 40_000,
  })
  await playToEnd(system, executionId, ['apply'])
  expect(await system.ended(executionId)).toBe('SUCCEEDED')
}, 90_000)
