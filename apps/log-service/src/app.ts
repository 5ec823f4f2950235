import { createServer } from '@sluice/service-kit'
import { LOG_BLOB_TYPE } from '@sluice/contracts/logs'
import type { FastifyInstance } from 'fastify'
import type { LogServiceDeps } from './deps.ts'
import { registerBlobReaders, registerBlobUploads } from './modules/blob/blob-routes.ts'
import { registerBodies, registerStreamReaders, registerStreamWriters } from './modules/stream/stream-routes.ts'

/** The mutual-TLS listener: readers, through the gateway. */
export function buildInternalApp(deps: LogServiceDeps): FastifyInstance {
  const { config, identity, logger, metrics } = deps
  const app = createServer({ config, identity, logger, metrics, listener: 'internal' })
  registerStreamReaders(app, deps)
  registerBlobReaders(app, deps)
  // A reader holds its connection open for as long as its log runs.
  app.addHook('preClose', async () => deps.readers.stop())
  return app
}

/** The public listener: lite engines, with log tokens and signed links. */
export function buildPublicApp(deps: LogServiceDeps): FastifyInstance {
  const { config, identity, logger, metrics } = deps
  const app = createServer({ config, identity, logger, metrics, listener: 'public', publicInitiator: 'delegate' })
  registerBodies(app, LOG_BLOB_TYPE)
  registerStreamWriters(app, deps)
  registerBlobUploads(app, deps)
  return app
}
