import { runService, startHealth } from '@sluice/service-kit'
import { buildApp } from './app.ts'
import { loadConfig } from './config.ts'
import { createDeps } from './deps.ts'

await runService('gateway', async () => {
  const config = loadConfig(process.env)
  const deps = await createDeps(config)
  const app = await buildApp(deps)
  await app.listen(config.http)
  const health = await startHealth({
    ...config.health,
    checks: { redis: () => deps.redis.ping() },
    metrics: deps.metrics,
  })
  return {
    close: async () => {
      health.drain()
      await app.close()
      await health.close()
      await deps.close()
    },
  }
})
