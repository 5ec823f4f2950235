import { createPeriodic } from '@sluice/database'
import { createServer, startHealth, type RunningService } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { ScmServiceConfig } from './config.ts'
import { createDeps, type ScmServiceDeps } from './deps.ts'
import { REF_FRESH_MS } from './modules/ref/resolve-ref.ts'
import { registerRoutes } from './routes.ts'

export interface RunningScmService extends RunningService {
  internalUrl: string
  healthUrl: string
}

/** How often answers that are no longer fresh are dropped. */
const SWEEP_EVERY_MS = 600_000

/** The mutual-TLS listener. */
export function buildApp(deps: ScmServiceDeps): FastifyInstance {
  const { config, identity, logger, metrics } = deps
  const app = createServer({ config, identity, logger, metrics, listener: 'internal' })
  registerRoutes(app, deps)
  return app
}

/** Starts scm-service: health, the listener, periodic work. */
export async function startScmService(config: ScmServiceConfig): Promise<RunningScmService> {
  const deps = await createDeps(config)
  const app = buildApp(deps)
  const sweeper = createPeriodic({
    url: config.databaseUrl,
    tasks: [
      {
        name: 'scm.sweep',
        everyMs: SWEEP_EVERY_MS,
        run: async () => void (await deps.cache.sweep(new Date(Date.now() - REF_FRESH_MS))),
      },
    ],
    onError: (error) => deps.logger.error({ err: error }, error.message),
  })
  const health = await startHealth({ ...config.health, checks: deps.checks, metrics: deps.metrics })
  const internalUrl = await app.listen(config.http)
  await sweeper.start()
  return {
    internalUrl,
    healthUrl: `http://${config.health.host}:${health.port}`,
    async close() {
      health.drain()
      await sweeper.stop()
      await app.close()
      await deps.close()
      await health.close()
    },
  }
}
