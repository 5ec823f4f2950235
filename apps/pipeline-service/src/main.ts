import { migrateService } from '@sluice/database'
import { runService, startHealth } from '@sluice/service-kit'
import { buildApp } from './app.ts'
import { loadConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { ExecutionFeed } from './modules/execution/execution-feed.ts'
import { measureRefusedReports } from './modules/report/send-reports.ts'
import { createHousekeeping } from './workers/housekeeping.ts'
import { createPipelineInbox } from './workers/pipeline-inbox.ts'
import { createReconciler, createWakeWorker } from './workers/pipeline-wake.ts'

await runService('pipeline-service', async () => {
  const config = loadConfig(process.env)
  if (process.env['SLUICE_MIGRATE'] === '1')
    await migrateService({ url: config.databaseUrl, service: 'pipeline-service' })
  const deps = createDeps(config)
  const feed = new ExecutionFeed({
    redisUrl: config.redisUrl,
    onError: (error) => deps.logger.warn({ err: error }, 'execution feed'),
  })
  measureRefusedReports(deps)
  const app = await buildApp(deps, feed)
  const runners = [createWakeWorker(deps), createPipelineInbox(deps), createReconciler(deps), createHousekeeping(deps)]
  feed.start()
  for (const runner of runners) await runner.start()
  await app.listen(config.http)
  const health = await startHealth({
    ...config.health,
    metrics: deps.metrics,
    checks: { postgres: () => deps.pool.query('select 1'), redis: () => deps.redis.ping() },
  })
  return {
    close: async () => {
      health.drain()
      await app.close()
      await Promise.all(runners.map((runner) => runner.stop()))
      feed.stop()
      await deps.close()
      await health.close()
    },
  }
})
