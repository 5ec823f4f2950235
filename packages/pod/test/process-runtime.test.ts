import { fork } from 'node:child_process'
import { readFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { until } from '@sluice/testing'
import { createProcessRuntime, type PodRuntime, type StepEvent } from '../src/index.ts'
import { readProcessStart } from '../src/process/process-start.ts'
import { podSpec, programs, stateFolder } from './programs.ts'

let folder: string
let runtime: PodRuntime
const diagnostics: string[] = []
const warnings: string[] = []

beforeAll(async () => {
  folder = await stateFolder()
  runtime = await createProcessRuntime({
    stateFolder: folder,
    programs,
    warmSlots: 0,
    environment: { SLUICE_TEST_GIVEN: 'yes' },
    onDiagnostics: (program, line) => diagnostics.push(`${program}: ${line}`),
    onWarning: (podId, sentence) => warnings.push(`${podId}: ${sentence}`),
  })
})
afterAll(async () => {
  await runtime.close()
  await rm(folder, { recursive: true, force: true })
})
afterEach(() => {
  diagnostics.splice(0)
  warnings.splice(0)
})

const unknownOperation = {
  attemptId: 'nod-1-1',
  container: 'db',
  operation: 'no-such-operation',
  parameters: {},
  secretNames: [],
  logKey: '',
}

async function collect(events: AsyncIterable<StepEvent>): Promise<StepEvent[]> {
  const found: StepEvent[] = []
  for await (const event of events) found.push(event)
  return found
}

async function childPids(podFolder: string): Promise<number[]> {
  const marker: unknown = JSON.parse(await readFile(join(podFolder, 'owner.json'), 'utf8'))
  return (marker as { children: { pid: number }[] }).children.map(({ pid }) => pid)
}

async function onlyPodFolder(): Promise<string> {
  const [name, ...others] = await readdir(join(folder, 'pods'))
  expect(others).toEqual([])
  return join(folder, 'pods', name ?? '')
}

describe('a pod of the process runtime', () => {
  it('runs a step to its named failure and attaches to the same attempt instead of running it again', async () => {
    const pod = await runtime.init(podSpec('pod-attach'))
    const first = await collect(pod.execute(unknownOperation))
    const again = await collect(pod.execute(unknownOperation))
    const rest = await collect(pod.execute({ ...unknownOperation, afterSeq: 1 }))
    expect(first.at(-1)).toMatchObject({
      kind: 'result',
      outcome: { status: 'failed', failure: { code: 'INVALID_REQUEST' } },
    })
    expect(again).toEqual(first)
    expect(rest).toEqual(first.slice(1))
    await runtime.cleanup('pod-attach')
  })

  it('is one pod however often it is initialised, and can be cleaned up twice', async () => {
    const [first, second] = await Promise.all([runtime.init(podSpec('pod-once')), runtime.init(podSpec('pod-once'))])
    expect(second).toBe(first)
    await Promise.all([runtime.cleanup('pod-once'), runtime.cleanup('pod-once')])
    await runtime.cleanup('pod-once')
    expect(runtime.find('pod-once')).toBeUndefined()
  })

  it('leaves no process and no folder after cleanup', async () => {
    await runtime.init(podSpec('pod-clean'))
    const pods = await onlyPodFolder()
    const pids = await childPids(pods)
    expect(pids).toHaveLength(2)
    await runtime.cleanup('pod-clean')
    expect(await Promise.all(pids.map(readProcessStart))).toEqual([undefined, undefined])
    await expect(stat(pods)).rejects.toThrow('ENOENT')
  })

  it('gets nothing of the delegate: neither its environment nor keys or secrets on a command line or in a file', async () => {
    process.env['SLUICE_TEST_OF_THE_DELEGATE'] = 'must not be inherited'
    const spec = podSpec('pod-scrubbed', { secrets: { password: 'canary-7f3a' } })
    await runtime.init(spec)
    delete process.env['SLUICE_TEST_OF_THE_DELEGATE']
    const pods = await onlyPodFolder()
    for (const pid of await childPids(pods)) {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8')
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
      expect(environment).toContain('SLUICE_TEST_GIVEN=yes')
      expect(environment).not.toContain('SLUICE_TEST_OF_THE_DELEGATE')
      expect(environment + command).not.toMatch(/PRIVATE KEY|canary-7f3a/)
    }
    const files = await readdir(pods, { recursive: true, withFileTypes: true })
    for (const file of files.filter((entry) => entry.isFile())) {
      expect(await readFile(join(file.parentPath, file.name), 'utf8')).not.toMatch(/PRIVATE KEY|canary-7f3a/)
    }
    for (const entry of files.filter((found) => found.isDirectory() && /home|tmp|workspace/.test(found.name))) {
      expect((await stat(join(entry.parentPath, entry.name))).mode & 0o077).toBe(0)
    }
    await runtime.cleanup('pod-scrubbed')
  })

  it('says that it is lost when its lite engine is killed, and is cleaned up all the same', async () => {
    const pod = await runtime.init(podSpec('pod-lost'))
    const [liteEngine] = await childPids(await onlyPodFolder())
    process.kill(liteEngine ?? 0, 'SIGKILL')
    await expect(pod.lost).resolves.toContain('was killed')
    await expect(collect(pod.execute(unknownOperation))).rejects.toMatchObject({ code: 'POD_LOST' })
    await runtime.cleanup('pod-lost')
    expect(await readdir(join(folder, 'pods'))).toEqual([])
  })

  it('ends by itself when nobody used it for its time and nobody ended it', async () => {
    const pod = await runtime.init(podSpec('pod-forgotten', { maxIdleMs: 200 }))
    const pids = await childPids(await onlyPodFolder())
    await collect(pod.execute(unknownOperation))
    await until(async () => (await readdir(join(folder, 'pods'))).length === 0, {
      what: 'the end of the forgotten pod',
    })
    expect(await Promise.all(pids.map(readProcessStart))).toEqual([undefined, undefined])
    await until(() => runtime.find('pod-forgotten') === undefined, { what: 'the pod to be forgotten' })
    expect(warnings).toEqual([expect.stringContaining('pod-forgotten: It ran nothing')])
  })

  it('refuses a step container that it does not have', async () => {
    const pod = await runtime.init(podSpec('pod-container'))
    expect(() => pod.execute({ ...unknownOperation, container: 'other' })).toThrow('has no step container "other"')
    await runtime.cleanup('pod-container')
  })

  it('fails to start by name when a program does not start, and leaves nothing', async () => {
    const broken = await createProcessRuntime({
      stateFolder: folder,
      programs: { ...programs, dbStep: fileURLToPath(new URL('./programs-that-do-not-exist.ts', import.meta.url)) },
      warmSlots: 0,
    })
    await expect(broken.init(podSpec('pod-broken'))).rejects.toMatchObject({ code: 'POD_INIT_FAILED' })
    expect(await readdir(join(folder, 'pods'))).toEqual([])
    await broken.close()
  })

  it('is told to no other address than its own loopback block', async () => {
    const pods = await Promise.all([runtime.init(podSpec('pod-a')), runtime.init(podSpec('pod-b'))])
    expect(pods).toHaveLength(2)
    const listening = (await readFile('/proc/net/tcp', 'utf8'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && fields[1]?.endsWith(':4E21'))
      .map((fields) => fields[1] ?? '')
    // Hexadecimal, the last byte first: 127.p.q.1 ends in 7F. Two members and a guard each.
    expect(listening.length).toBeGreaterThanOrEqual(6)
    expect(listening.filter((address) => !/^[0-9A-F]{6}7F:/.test(address))).toEqual([])
    await Promise.all([runtime.cleanup('pod-a'), runtime.cleanup('pod-b')])
  })
})

describe('the warm pool', () => {
  it('gives a prepared slot to a pod, once, and prepares the next', async () => {
    const own = await stateFolder()
    const warm = await createProcessRuntime({ stateFolder: own, programs, warmSlots: 1 })
    await until(async () => (await readdir(join(own, 'pods'))).length === 1, { what: 'a slot of the pool' })
    const first = await warm.init(podSpec('pod-1'))
    await until(async () => (await readdir(join(own, 'pods'))).length === 2, { what: 'the next slot' })
    expect(first.startup.isWarm).toBe(true)
    await warm.close()
    expect(await readdir(join(own, 'pods'))).toEqual([])
    await rm(own, { recursive: true })
  })
})

describe('a delegate that is killed with -9', () => {
  it('takes its pods with it, and the next delegate sweeps their folders but not those of the living', async () => {
    const living = await runtime.init(podSpec('pod-living'))
    const script = fileURLToPath(new URL('./killed-delegate.ts', import.meta.url))
    const delegate = fork(script, [folder], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const killed = await new Promise<{ pids: number[]; folder: string }>((resolve, reject) => {
      delegate.once('message', (message) => resolve(message as { pids: number[]; folder: string }))
      delegate.once('exit', (code) => reject(new Error(`the delegate ended with ${code}`)))
    })
    delegate.kill('SIGKILL')
    await until(
      async () => (await Promise.all(killed.pids.map(readProcessStart))).every((start) => start === undefined),
      { what: 'the end of the killed delegate’s pod' },
    )
    const report = await runtime.sweep()
    expect(report.removed).toEqual([killed.folder])
    expect((await collect(living.execute(unknownOperation))).at(-1)).toMatchObject({ kind: 'result' })
    await runtime.cleanup('pod-living')
  })
})
