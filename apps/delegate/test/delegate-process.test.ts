import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { newId } from '@sluice/contracts/ids'
import type { SubmitTask } from '@sluice/contracts/tasks'
import { freePort, until } from '@sluice/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
// @boundaries-ignore the two ends of the protocol are tested against each other
import {
  inState,
  makeSecret,
  makeToken,
  newAccountId,
  revokeToken,
  startWorld,
  submit,
  told,
  type Replica,
  type World,
} from '../../delegate-service/test/start-delegate-service.ts'

/** The delegate as it is shipped: a process of its own, real pods, a real delegate-service. */
let world: World
let replica: Replica
let accountId: string
let tokenId: string
let environment: NodeJS.ProcessEnv
let target: HangingServer
const children: ChildProcess[] = []

beforeAll(async () => {
  world = await startWorld()
  replica = await world.start({ protocol: { leaseMs: 20_000 } })
  target = await startHangingServer()
})
afterAll(async () => {
  target?.close()
  await world?.stop()
})
beforeEach(async () => {
  accountId = newAccountId()
  const made = await makeToken(world, accountId)
  tokenId = made.tokenId
  const caFile = join(world.folder, 'ca.pem')
  await writeFile(caFile, world.caPem)
  environment = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    NODE_NO_WARNINGS: '1',
    SLUICE_DELEGATE_NAME: 'shipped',
    SLUICE_DELEGATE_TOKEN: made.token,
    SLUICE_DELEGATE_SERVICE_URL: replica.url,
    SLUICE_CA_FILE: caFile,
    SLUICE_DATA_DIR: join(world.folder, newId('dlg')),
    SLUICE_DELEGATE_WARM_PODS: '0',
    SLUICE_LOG_LEVEL: process.env['TEST_LOG'] === '1' ? 'debug' : 'silent',
    SLUICE_HEALTH_PORT: String(await freePort()),
  }
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

function startDelegate(): { child: ChildProcess; exit: Promise<number | null> } {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main], { stdio: ['ignore', 'inherit', 'inherit'], env: environment })
  children.push(child)
  return { child, exit: once(child, 'exit').then(([code]) => code as number | null) }
}

function probe(path: string): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    get({ port: environment['SLUICE_HEALTH_PORT'], path, agent: false }, (response) => {
      json(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
    }).on('error', reject)
  })
}

const ready = () =>
  until(async () => (await probe('/readyz')).status === 200, { what: 'the delegate to be ready', deadlineMs: 20_000 })

interface HangingServer {
  port: number
  /** Connections that wait for an answer. */
  waiting: Set<Socket>
  /** Hangs up on everybody. */
  hangUp(): void
  close(): void
}

/** Takes connections and says nothing: a step that tries it runs until it hangs up. */
async function startHangingServer(): Promise<HangingServer> {
  const waiting = new Set<Socket>()
  const server: Server = createServer((socket) => {
    waiting.add(socket)
    socket.on('close', () => waiting.delete(socket))
    socket.on('error', () => undefined)
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const hangUp = () => {
    for (const socket of waiting) socket.destroy()
  }
  return {
    port,
    waiting,
    hangUp,
    close: () => {
      hangUp()
      server.close()
    },
  }
}

/** A connection test that runs until the target hangs up. */
async function submitHanging(secretId: string): Promise<SubmitTask> {
  const database = {
    jdbcUrl: `jdbc:postgresql://127.0.0.1:${target.port}/orders?sslmode=disable`,
    username: 'deployer',
    passwordSecret: 'database.password',
  }
  const task = await submit(world, accountId, {
    task: { kind: 'connection.test', parameters: { target: 'database', database } },
    secrets: [{ name: 'database.password', secretId, version: 1 }],
    capabilities: ['task:connection.test'],
  })
  await until(() => target.waiting.size > 0, { what: 'the step to reach its target', deadlineMs: 20_000 })
  return task
}

test('is alive while the control plane is away, ready once it is welcomed, and tells its state', async () => {
  const silent = { ...environment }
  environment['SLUICE_DELEGATE_SERVICE_URL'] = `https://127.0.0.1:${await freePort()}`
  const away = startDelegate()
  await until(async () => (await probe('/healthz')).status === 200, { what: 'the probe to answer', deadlineMs: 20_000 })
  expect((await probe('/readyz')).status).toBe(503)
  away.child.kill('SIGTERM')
  expect(await away.exit).toBe(0)

  environment = silent
  const { child, exit } = startDelegate()
  await ready()
  expect((await probe('/debug')).body).toMatchObject({ phase: { name: 'ready' }, tasks: [] })
  child.kill('SIGTERM')
  expect(await exit).toBe(0)
})

test('told to stop, it finishes what runs and delivers the result; no secret was ever on its disk', async () => {
  const { child, exit } = startDelegate()
  await ready()
  const value = `pa55-${newId('sec')}`
  const task = await submitHanging(await makeSecret(world, accountId, value))
  child.kill('SIGTERM')
  await until(
    async () =>
      (await world.admin.query('select 1 from delegate.delegates where account_id = $1 and draining', [accountId]))
        .rowCount,
    { what: 'the delegate to drain' },
  )
  const dataDir = environment['SLUICE_DATA_DIR'] ?? ''
  const files = await contentsOf(dataDir)
  target.hangUp()

  expect((await told(world, task, 'task.finished')).result).toMatchObject({
    outcome: 'failed',
    data: { phases: expect.any(Array) },
  })
  expect(await exit).toBe(0)
  expect(Object.keys(files).some((name) => name.endsWith('.grant.json'))).toBe(true)
  expect(
    Object.entries({ ...files, ...(await contentsOf(dataDir)) }).filter(([, text]) => text.includes(value)),
  ).toEqual([])
})

test('killed while a step runs, its next start reports the step as lost', async () => {
  const first = startDelegate()
  await ready()
  const task = await submitHanging(await makeSecret(world, accountId, 'pa55word!'))
  await inState(world, task, 'running')
  first.child.kill('SIGKILL')
  await first.exit
  startDelegate()

  const { result } = await told(world, task, 'task.finished')
  expect(result).toMatchObject({ outcome: 'failed', failure: { code: 'DELEGATE_LOST' } })
  expect(result.outcome === 'failed' && result.failure.message).toMatch(/restarted while it ran the task/)
  target.hangUp()
})

test('ends for good when revoked or unknown, and comes back with the same keys for a token that is good', async () => {
  const count = async () =>
    (await world.admin.query('select 1 from delegate.delegates where account_id = $1', [accountId])).rowCount
  const first = startDelegate()
  await ready()
  await revokeToken(world, accountId, tokenId)
  expect(await first.exit).toBe(1)

  environment['SLUICE_DELEGATE_TOKEN'] = (await makeToken(world, accountId)).token
  const second = startDelegate()
  await ready()
  expect(await count()).toBe(1)

  // The control plane loses its memory: the delegate ends, and its next start enrols again.
  await world.admin.query('delete from delegate.delegates where account_id = $1', [accountId])
  expect(await second.exit).toBe(1)
  startDelegate()
  await ready()
  expect(await count()).toBe(1)
})

async function contentsOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(file, 'latin1').catch(() => '')] as const)),
  )
}
