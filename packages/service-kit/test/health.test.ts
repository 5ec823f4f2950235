import { afterEach, expect, test } from 'vitest'
import { startHealth, type HealthServer, type StartHealthOptions } from '../src/health.ts'
import { createMetrics } from '../src/metrics.ts'

let health: HealthServer | undefined
afterEach(async () => health?.close())

async function start(
  options: Partial<StartHealthOptions> = {},
): Promise<(path: string) => Promise<{ status: number; body: string }>> {
  const started = await startHealth({ host: '127.0.0.1', port: 0, checks: {}, ...options })
  health = started
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${started.port}${path}`)
    return { status: response.status, body: await response.text() }
  }
}

test('a service is ready while all its stores answer, and names the one that does not', async () => {
  let away = false
  const get = await start({
    checks: {
      postgres: async () => 1,
      redis: async () => {
        if (away) throw new Error('connection refused')
      },
    },
  })
  expect(await get('/readyz')).toMatchObject({ status: 200 })
  away = true
  const answer = await get('/readyz')
  expect(answer.status).toBe(503)
  expect(JSON.parse(answer.body)).toEqual({ ready: false, checks: { postgres: 'ok', redis: 'connection refused' } })
  expect(await get('/healthz')).toMatchObject({ status: 200 })
})

test('a store that never answers does not keep the probe waiting', async () => {
  const get = await start({ checks: { postgres: () => new Promise(() => undefined) } })
  const answer = await get('/readyz')
  expect(answer.status).toBe(503)
  expect(answer.body).toContain('no answer within')
})

test('a service that drains lives but takes no new work', async () => {
  const get = await start()
  health?.drain()
  expect(await get('/readyz')).toMatchObject({ status: 503 })
  expect(await get('/healthz')).toMatchObject({ status: 200 })
})

test('metrics tell requests by route and status', async () => {
  const metrics = createMetrics('ng-core')
  metrics.observeRequest({ method: 'GET', route: '/ng/api/x/:id', status: 404 }, 0.002)
  const get = await start({ metrics })
  expect((await get('/metrics')).body).toMatch(
    /sluice_http_request_duration_seconds_count\{.*route="\/ng\/api\/x\/:id".*status="404".*\} 1/,
  )
  expect(await get('/elsewhere')).toMatchObject({ status: 404 })
})
