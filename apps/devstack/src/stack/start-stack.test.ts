import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@sluice/testing'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startOf } from '../folder/process-identity.ts'
import { startStack, type Stack } from './start-stack.ts'

let dataDir: string
let stack: Stack | undefined
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-stack-'))
  // As root, Postgres runs as another user, who has to get through.
  await chmod(dataDir, 0o711)
})
afterEach(async () => {
  await stack?.stop()
  stack = undefined
  await rm(dataDir, { recursive: true, force: true })
})

/** The stores without the services: those are started by the end-to-end tests. */
async function start(onProgress?: (sentence: string) => void): Promise<Stack> {
  stack = await startStack({ dataDir, port: 'any', processes: [], onProgress })
  return stack
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

test('a second start keeps the data and the passwords, and shows no password again', async () => {
  const first = await start()
  expect(first.password).toBeDefined()
  await query(first.databaseUrl('log-service'), 'create table kept (id int)')
  await first.forgetPassword()
  await first.stop()
  const second = await start()
  expect(second.password).toBeUndefined()
  expect(await query(second.databaseUrl('log-service'), 'select count(*)::int as n from kept')).toEqual([{ n: 0 }])
})

test('a stack beside a running one on the same folder is refused', async () => {
  await start()
  await expect(startStack({ dataDir, port: 'any', processes: [] })).rejects.toThrow(
    /^Sluice already runs here: process \d+/,
  )
})

test('a stop leaves no process behind', async () => {
  const running = await start()
  const pids = [running.pid('postgres'), running.pid('redis')]
  await running.stop()
  for (const pid of pids) expect(await startOf(pid ?? 0)).toBeUndefined()
})

test('Postgres that dies is started again', async () => {
  const news: string[] = []
  const running = await start((sentence) => news.push(sentence))
  process.kill(running.pid('postgres') ?? 0, 'SIGKILL')
  await until(() => news.includes('Postgres is up again.'), { what: 'the new Postgres', deadlineMs: 30_000 })
  await query(running.postgresUrl, 'select 1')
})

test('an interrupted start ends what it had started', async () => {
  const interruption = new AbortController()
  const starting = startStack({
    dataDir,
    port: 'any',
    processes: [],
    signal: interruption.signal,
    onProgress: () => interruption.abort(),
  })
  await expect(starting).rejects.toThrow('The start was interrupted.')
  // The folder is free again.
  await start()
})
