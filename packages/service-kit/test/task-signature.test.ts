import type { SubmitTask } from '@sluice/contracts/tasks'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { signTask, verifyTaskSignature } from '../src/task-signature.ts'
import { createKit, type Kit } from './kit.ts'

type Signed = Pick<SubmitTask, 'taskId' | 'accountId' | 'task' | 'secrets' | 'signatures'>

let kit: Kit

beforeAll(async () => {
  kit = await createKit()
})
afterAll(() => kit.stop())
afterEach(() => vi.useRealTimers())

const CLEANUP: Omit<Signed, 'signatures'> = {
  taskId: 'tsk-1',
  accountId: 'acc-1',
  task: { kind: 'pod.cleanup', parameters: { podId: 'pod-1' } },
  secrets: [{ name: 'database.password', secretId: 'sec-1', version: 1 }],
}

async function signedBy(service: 'ng-manager' | 'ng-core', task = CLEANUP): Promise<Signed> {
  const identity = await kit.identity(service)
  return { ...task, signatures: [await signTask(identity, { ...task, lifetimeMs: 60_000 })] }
}

async function verify(task: Signed): Promise<void> {
  return verifyTaskSignature(await kit.identity('delegate-service'), task)
}

test('a task is what the service that may ask for it signed', async () => {
  await expect(verify(await signedBy('ng-manager'))).resolves.toBeUndefined()
})

test('a task whose account, id, parameters, kind or secrets were changed is refused', async () => {
  const signed = await signedBy('ng-manager')
  const changes: Partial<Signed>[] = [
    { accountId: 'acc-2' },
    { taskId: 'tsk-2' },
    { task: { kind: 'pod.cleanup', parameters: { podId: 'pod-2' } } },
    { secrets: [{ name: 'database.password', secretId: 'sec-2', version: 1 }] },
    { secrets: [] },
  ]
  for (const change of changes) {
    await expect(verify({ ...signed, ...change })).rejects.toMatchObject({
      code: 'TASK_REJECTED',
      message: expect.stringContaining('changed since'),
    })
  }
})

test('a task that another service signed, or nobody, is refused', async () => {
  const connectionTest: Omit<Signed, 'signatures'> = {
    ...CLEANUP,
    task: { kind: 'connection.test', parameters: { target: 'git', url: 'https://git.test/a' } },
  }
  await expect(verify(await signedBy('ng-core', connectionTest))).resolves.toBeUndefined()
  await expect(verify(await signedBy('ng-manager', connectionTest))).rejects.toMatchObject({ code: 'TASK_REJECTED' })
  await expect(verify(await signedBy('ng-core'))).rejects.toThrow('it is not signed by ng-manager')
  await expect(verify({ ...CLEANUP, signatures: [] })).rejects.toThrow('it carries no signature')
  await expect(verify({ ...CLEANUP, signatures: ['signed'] })).rejects.toThrow('it is not signed by ng-manager')
})

test('a signature ends', async () => {
  const signed = await signedBy('ng-manager')
  vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ['Date'] })
  await expect(verify(signed)).rejects.toThrow('its signature has expired')
})
