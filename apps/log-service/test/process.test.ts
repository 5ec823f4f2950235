import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort, until } from '@sluice/testing'
import { request } from 'undici'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { counting, lines, startFixture, type Fixture } from './log-service-fixture.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

let fixture: Fixture
let ports: { http: number; open: number; health: number }
const children: ChildProcess[] = []

beforeAll(async () => {
  fixture = await startFixture()
  ports = { http: await freePort(), open: await freePort(), health: await freePort() }
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => fixture.stop())

/** The service as it is started in earnest: by its main.ts and its environment. */
async function startProcess(): Promise<ChildProcess> {
  const { config } = fixture
  const child = spawn(process.execPath, [MAIN], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      SLUICE_HTTP_PORT: String(ports.http),
      SLUICE_PUBLIC_PORT: String(ports.open),
      SLUICE_HEALTH_PORT: String(ports.health),
      SLUICE_TLS_CERT_FILE: config.tls.certFile,
      SLUICE_TLS_KEY_FILE: config.tls.keyFile,
      SLUICE_CA_FILE: config.tls.caFile,
      SLUICE_PUBLIC_TLS_CERT_FILE: config.publicHttp?.certFile,
      SLUICE_PUBLIC_TLS_KEY_FILE: config.publicHttp?.keyFile,
      SLUICE_DATABASE_URL: config.databaseUrl,
      SLUICE_REDIS_URL: config.redisUrl,
      SLUICE_DATA_DIR: config.dataDir,
    },
  })
  children.push(child)
  const ready = async () => {
    const answer = await request(`http://127.0.0.1:${ports.health}/readyz`)
    await answer.body.dump()
    return answer.statusCode === 200
  }
  await until(ready, { what: 'log-service to be ready', deadlineMs: 20_000 })
  return child
}

test('kill -9 between batches and acknowledgements loses and doubles no line, for writers and readers', async () => {
  const key = fixture.newKey()
  const service = {
    publicUrl: `https://127.0.0.1:${ports.open}`,
    internalUrl: `https://127.0.0.1:${ports.http}`,
  }
  const last = 600
  const again = async <Value>(work: () => Promise<Value>): Promise<Value> =>
    until(() => work().then((value) => ({ value })), { what: 'the service to be back', deadlineMs: 20_000 }).then(
      ({ value }) => value,
    )
  const write = async () => {
    for (let acked = 0; acked < last;) {
      const batch = lines(acked + 1, Math.min(acked + 10, last))
      // As a lite engine: whatever was not acknowledged is sent again.
      const answer = await again(() => fixture.append(key, batch, { service }))
      if (answer.status === 200) acked = answer.json().ackedSeq
    }
  }
  const seen: number[] = []
  const read = async () => {
    while (seen.length < last) {
      const tail = await again(() => fixture.follow(key, { afterSeq: seen.at(-1) ?? 0, service }))
      await until(() => tail.over || tail.seqs.length + seen.length >= last, { what: 'lines', deadlineMs: 20_000 })
      tail.leave()
      await tail.finished
      seen.push(...tail.seqs)
    }
  }
  const kill = async () => {
    const child = await startProcess()
    await until(async () => (await storedLines(key)) >= 200, {
      what: '200 stored lines',
      deadlineMs: 20_000,
      everyMs: 2,
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await startProcess()
  }

  await Promise.all([kill(), write(), read()])

  expect(seen).toEqual(counting(1, last))
  expect(await storedLines(key)).toBe(last)
}, 60_000)

test('SIGTERM ends the process in order, readers included', async () => {
  const child = await startProcess()
  const key = fixture.newKey()
  const service = { publicUrl: `https://127.0.0.1:${ports.open}`, internalUrl: `https://127.0.0.1:${ports.http}` }
  const tail = await fixture.follow(key, { service })
  await fixture.append(key, lines(1, 3), { service })
  await until(() => tail.seqs.length === 3, { what: 'lines' })

  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  await tail.finished

  expect(code).toBe(0)
})

async function storedLines(key: string): Promise<number> {
  const { rows } = await fixture.superuser.query(
    'select coalesce(sum(last_seq - first_seq + 1), 0)::int as stored from log.chunk where key = $1',
    [key],
  )
  return rows[0].stored
}
