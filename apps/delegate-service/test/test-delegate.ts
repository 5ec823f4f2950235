import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { DelegateTaskOutput } from '@sluice/contracts/tasks'
import {
  ENROL_PATH,
  EnrolmentResponse,
  generateDelegateKeys,
  parseDelegateToken,
  signEnrolment,
  type DelegateKeys,
  type OfferedTask,
  type RejectReason,
  type TaskResult,
} from '@sluice/delegate-protocol'
import { until } from '@sluice/testing'
import { pino } from 'pino'
import { z } from 'zod'
// @boundaries-ignore the two ends of the protocol are tested against each other
import { DelegateLoop, type Stopped } from '../../delegate/src/modules/connection/delegate-loop.ts'
// @boundaries-ignore the two ends of the protocol are tested against each other
import { SecretOpener } from '../../delegate/src/modules/secret/secret-opener.ts'
// @boundaries-ignore the two ends of the protocol are tested against each other
import { TaskJournal } from '../../delegate/src/modules/store/task-journal.ts'
import type { World } from './start-delegate-service.ts'

export type Enrolled = { accountId: string; delegateId: string; keys: DelegateKeys }

export async function enrol(
  world: World,
  url: string,
  options: { token: string; name?: string; tags?: string[]; keys?: DelegateKeys },
): Promise<{ status: number; body: unknown; keys: DelegateKeys }> {
  const keys = options.keys ?? generateDelegateKeys()
  const claims = { name: options.name ?? 'local', tags: options.tags ?? [], scope: {}, delegateVersion: '0.1.0' }
  const body = await signEnrolment({ token: options.token, claims, keys, now: Date.now() })
  const outgoing = request(`${url}${ENROL_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ca: world.caPem,
    agent: false,
  })
  outgoing.end(JSON.stringify(body))
  const [response] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(outgoing, 'response'))
  return { status: response.statusCode ?? 0, body: await json(response), keys }
}

export interface RunDelegateOptions {
  enrolled: Enrolled
  url: string
  capacity?: number
  capabilities?: string[]
  journal?: string
  decide?: (task: OfferedTask) => RejectReason | undefined
}

export interface TestDelegate {
  enrolled: Enrolled
  loop: DelegateLoop
  secrets: SecretOpener
  /** Tasks that were granted and started, in order. */
  started: OfferedTask[]
  cancelled: string[]
  stopped: Promise<Stopped>
  /** Ends a started task. */
  finish(taskId: string, output?: Partial<DelegateTaskOutput>, more?: Partial<TaskResult>): Promise<void>
  running(taskId: string): Promise<OfferedTask>
  connected(): Promise<unknown>
  /** Leaves as on SIGTERM. */
  drain(graceMs?: number): void
}

/** The real loop and journal of apps/delegate with a runner whose tasks end when the test says so. */
export async function runDelegate(world: World, options: RunDelegateOptions): Promise<TestDelegate> {
  const { enrolled } = options
  const store = new TaskJournal(options.journal ?? join(world.folder, randomUUID()))
  const { journalId, tasks } = await store.load()
  const stopped = Promise.withResolvers<Stopped>()
  const started: OfferedTask[] = []
  const cancelled: string[] = []
  const end = async (result: TaskResult): Promise<void> => {
    await store.saveResult(result)
    loop.apply({ type: 'taskFinished', taskId: result.taskId })
  }
  const loop = new DelegateLoop({
    config: { serviceUrl: options.url, caPem: world.caPem },
    enrolled,
    store,
    machine: {
      accountId: enrolled.accountId,
      delegateId: enrolled.delegateId,
      delegateVersion: '0.1.0',
      journalId,
      capabilities: options.capabilities ?? ['runtime:process', 'task:connection.test'],
      capacity: options.capacity ?? 8,
      timing: { backoffBaseMs: 50, backoffCapMs: 200, resultRetryMs: 500 },
    },
    recovered: tasks,
    logger: pino({ level: process.env['TEST_LOG'] === '1' ? 'debug' : 'silent' }),
    onStopped: stopped.resolve,
  })
  const secrets = new SecretOpener({
    accountId: enrolled.accountId,
    sealingPrivateKey: enrolled.keys.sealing.privateKey,
    send: (event) => loop.apply(event),
  })
  const fail = (taskId: string, status: TaskResult['status'], message: string): void => {
    const failure = { code: 'ABORTED', message, failureTypes: [] }
    void end({ taskId, status, failure, startedAt: null, endedAt: Date.now() })
  }
  loop.start({
    secrets,
    runner: {
      decide: (task) => options.decide?.(task),
      run: (task) => void started.push(task),
      resume: (taskId) => fail(taskId, 'failed', 'The delegate restarted.'),
      cancel: (taskId, reason) => {
        cancelled.push(taskId)
        fail(taskId, 'cancelled', reason)
      },
      skip: fail,
    },
  })
  const delegate: TestDelegate = {
    enrolled,
    loop,
    secrets,
    started,
    cancelled,
    stopped: stopped.promise,
    finish: async (taskId, output = {}, more = {}) => {
      const whole = { result: { outcome: 'succeeded', outputs: {}, units: [] }, large: [], ...output }
      await end({ taskId, status: 'succeeded', output: whole, startedAt: 1, endedAt: Date.now(), ...more })
    },
    running: (taskId) =>
      until(() => started.find((task) => task.taskId === taskId), { what: `${taskId} to run on the delegate` }),
    connected: () => until(() => loop.isConnected, { what: 'the delegate to be connected' }),
    drain: (graceMs = 0) => loop.apply({ type: 'drain', reason: 'the test ends', graceMs }),
  }
  return delegate
}

/** Enrols with the token and connects. */
export async function joinDelegate(
  world: World,
  url: string,
  options: { token: string; name?: string; tags?: string[] } & Omit<RunDelegateOptions, 'enrolled' | 'url'>,
): Promise<TestDelegate> {
  const { body, keys } = await enrol(world, url, options)
  const { delegateId } = EnrolmentResponse.parse(body)
  const { accountId } = parseDelegateToken(options.token)
  const delegate = await runDelegate(world, { ...options, url, enrolled: { accountId, delegateId, keys } })
  await delegate.connected()
  return delegate
}
