import { migrateService } from '@sluice/database'
import { runService, startHealth } from '@sluice/service-kit'
import { buildApp } from './app.ts'
import { loadConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { createHousekeeping } from './workers/housekeeping.ts'
import { createNgmInbox } from './workers/ngm-inbox.ts'

await runService('ng-manager', async () => {
  const config = loadConfig(process.env)
  if (process.env['SLUICE_MIGRATE'] === '1') await migrateService({ url: config.databaseUrl, service: 'ng-manager' })
  const deps = createDeps(config)
  await deps.requests.start()
  const app = await buildApp(deps)
  await app.listen(config.http)
  const runners = [createNgmInbox(deps), createHousekeeping(deps)]
  for (const runner of runners) await runner.start()
  const health = await startHealth({
    ...config.health,
    checks: {
      postgres: () => deps.pool.query('select 1'),
      redis: () => deps.queues.depth('delegate.inbox'),
      listen: async () => {
        if (!deps.requests.snapshot().listening) throw new Error('not listening')
      },
    },
    metrics: deps.metrics,
  })
  return {
    close: async () => {
      health.drain()
      await app.close()
      await Promise.all(runners.map((runner) => runner.stop()))
      await deps.close()
      await health.close()
    },
  }
})
