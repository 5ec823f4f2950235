import { AppError } from '@sluice/contracts/errors'
import { startHealth, type RunningService } from '@sluice/service-kit'
import { buildInternalApp, buildPublicApp } from './app.ts'
import type { LogServiceConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { createFinisher } from './workers/finish-logs.ts'

export interface RunningLogService extends RunningService {
  /** Base URLs of the listeners. */
  internalUrl: string
  publicUrl: string
}

/** Starts log-service: health, both listeners, periodic work. */
export async function startLogService(config: LogServiceConfig): Promise<RunningLogService> {
  if (config.publicHttp === undefined) {
    throw new AppError(
      'INVALID_REQUEST',
      'log-service needs SLUICE_PUBLIC_TLS_CERT_FILE and SLUICE_PUBLIC_TLS_KEY_FILE.',
    )
  }
  const { host, port } = config.publicHttp
  const deps = await createDeps(config)
  const internal = buildInternalApp(deps)
  const external = buildPublicApp(deps)
  const finisher = createFinisher(deps)
  const health = await startHealth({ ...config.health, checks: deps.checks, metrics: deps.metrics })
  const internalUrl = await internal.listen(config.http)
  const publicUrl = await external.listen({ host, port })
  await finisher.start()
  return {
    internalUrl,
    publicUrl,
    async close() {
      health.drain()
      await finisher.stop()
      await external.close()
      await internal.close()
      await deps.close()
      await health.close()
    },
  }
}
