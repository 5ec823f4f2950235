import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startStack, type Stack } from '../stack/start-stack.ts'

const run = promisify(execFile)

let dataDir: string
let stack: Stack | undefined
let said: string[]
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-demo-'))
  // As root, Postgres runs as another user, who has to get through.
  await chmod(dataDir, 0o711)
  said = []
})
afterEach(async () => {
  await stack?.stop()
  stack = undefined
  await rm(dataDir, { recursive: true, force: true })
})

/** Without services: what needs them stays undone, as in a start that is cut off. */
async function start(demo: boolean): Promise<Stack> {
  stack = await startStack({ dataDir, port: 'any', processes: [], demo, onProgress: (sentence) => said.push(sentence) })
  return stack
}

async function databasesOf(running: Stack): Promise<unknown[]> {
  const client = new Client(running.postgresUrl)
  await client.connect()
  try {
    const { rows } = await client.query(`select datname from pg_database where datname like 'shop%' order by 1`)
    return rows.map((row) => row.datname)
  } finally {
    await client.end()
  }
}

test('a start that was cut off leaves nothing half-made, keeps the password, and is gone on with', async () => {
  const first = await start(true)
  expect(said.filter((sentence) => sentence.startsWith('The demo is not complete'))).toHaveLength(1)
  expect(await databasesOf(first)).toEqual(['shop_production', 'shop_staging'])
  const clone = join(dataDir, 'demo', 'shop-db')
  await writeFile(join(clone, 'mine.txt'), 'mine')
  await first.forgetPassword()
  await first.stop()

  const second = await start(true)
  expect(second.password).toBe(first.password)
  expect(await readFile(join(clone, 'mine.txt'), 'utf8')).toBe('mine')
  const { stdout } = await run('git', ['-C', clone, 'log', '--oneline'])
  expect(stdout.trim().split('\n')).toHaveLength(1)
  // The repository's port is another one now, and a push still gets there.
  await run('git', ['-C', clone, 'push', '--dry-run'], { env: { PATH: process.env['PATH'], HOME: dataDir } })
})

test('what the clone needs for a push is in its own configuration, readable by its owner only', async () => {
  await start(true)
  const config = join(dataDir, 'demo', 'shop-db', '.git', 'config')
  expect(((await stat(config)).mode & 0o777).toString(8)).toBe('600')
  expect(((await stat(join(dataDir, 'demo.json'))).mode & 0o777).toString(8)).toBe('600')
  const { stdout } = await run('git', ['push', '--dry-run'], {
    cwd: join(dataDir, 'demo', 'shop-db'),
    env: { PATH: process.env['PATH'], HOME: dataDir, GIT_TERMINAL_PROMPT: '0' },
  })
  expect(stdout).toBe('')
})

test('without the option nothing is made', async () => {
  const running = await start(false)
  expect(await databasesOf(running)).toEqual([])
  expect(running.demo).toBeUndefined()
  expect(said.join('\n')).not.toContain('demo')
})

test('a data folder that began without a demo is told so once, and left as it is', async () => {
  const first = await start(false)
  await first.forgetPassword()
  await first.stop()
  const second = await start(true)
  expect(said.filter((sentence) => sentence.startsWith('No demo here'))).toHaveLength(1)
  expect(await databasesOf(second)).toEqual([])
  await second.stop()
  await start(true)
  expect(said.filter((sentence) => sentence.startsWith('No demo here'))).toHaveLength(1)
})
