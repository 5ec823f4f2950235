import { migrateService } from '@sluice/database'
import { runService, startHealth } from '@sluice/service-kit'
import { Gauge } from 'prom-client'
import { buildApp } from './app.ts'
import { loadConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { startWorkers } from './workers/start-workers.ts'

/** Time that delegates have to move to another replica when this one stops. */
const DRAIN_MS = 4_000

await runService('delegate-service', async () => {
  const config = loadConfig(process.env)
  if (process.env['SLUICE_MIGRATE'] === '1')
    await migrateService({ url: config.databaseUrl, service: 'delegate-service' })
  const deps = await createDeps(config)
  void new Gauge({
    name: 'sluice_delegates_connected',
    help: 'Delegates whose socket this replica holds.',
    registers: [deps.metrics.registry],
    collect() {
      this.set(deps.hub.size)
    },
  })
  const app = await buildApp(deps)
  const workers = await startWorkers(deps)
  await app.listen({ host: config.publicHttp.host, port: config.publicHttp.port })
  const health = await startHealth({
    ...config.health,
    metrics: deps.metrics,
    checks: { postgres: () => deps.pool.query('select 1'), redis: () => deps.redis.ping() },
  })
  return {
    close: async () => {
      health.drain()
      await deps.hub.drain('the service restarts', DRAIN_MS)
      await app.close()
      await workers.stop()
      await deps.close()
      await health.close()
    },
  }
})
