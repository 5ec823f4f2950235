import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, until } from '@sluice/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startOf } from '../folder/process-identity.ts'
import { ManagedProcess } from './managed-process.ts'

const READY = `import { createServer } from 'node:http'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
const child = spawn('sleep', ['600'])
writeFileSync('child.pid', String(child.pid))
createServer((_, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`

let folder: string
let port: number
let news: string[]
let running: ManagedProcess | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-process-'))
  port = await freePort()
  news = []
})
afterEach(async () => {
  await running?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function manage(program: string): Promise<ManagedProcess> {
  const main = join(folder, 'main.mjs')
  await writeFile(main, program)
  running = new ManagedProcess({
    name: 'ng-core',
    main,
    environment: { PATH: process.env['PATH'], PORT: String(port) },
    dataDir: folder,
    logFile: join(folder, 'log'),
    readyUrl: `http://127.0.0.1:${port}/readyz`,
    onNews: (sentence) => news.push(sentence),
    onPid: async () => undefined,
  })
  return running
}

test('a process that cannot start is reported by name with what it said', async () => {
  const one = await manage(
    `process.stdout.write('{"msg":"ng-core could not start","err":{"message":"no such role"}}\\n'); process.exit(1)`,
  )
  await expect(one.start()).rejects.toThrow(
    /^ng-core ended with code 1 before it was ready\.[^]*ng-core could not start: no such role$/,
  )
})

test('a process that dies is reported and started again', async () => {
  const one = await manage(READY)
  await one.start()
  const { pid } = one
  process.kill(pid ?? 0, 'SIGKILL')
  await until(() => news.includes('ng-core is up again.'), { what: 'the new process' })
  expect(news[0]).toMatch(/^ng-core ended with SIGKILL\. It is started again in 0\.5 s\./)
  expect(one.pid).not.toBe(pid)
})

test('a process that was killed on purpose stays down until it is started', async () => {
  const one = await manage(READY)
  await one.start()
  await one.kill()
  await one.start()
  expect(news).toEqual([])
})

test('what a process started ends with it, however it ended', async () => {
  const one = await manage(READY)
  await one.start()
  const child = Number(
    await until(() => import('node:fs').then(({ readFileSync }) => readFileSync(join(folder, 'child.pid'), 'utf8')), {
      what: 'a child',
    }),
  )
  expect(await startOf(child)).toBeDefined()
  await one.stop()
  await until(async () => (await startOf(child)) === undefined, { what: 'the child to end' })
})
