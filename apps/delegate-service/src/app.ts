import websocket from '@fastify/websocket'
import { createServer } from '@sluice/service-kit'
import { FRAME_LIMIT_BYTES } from '@sluice/delegate-protocol'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { registerRoutes } from './routes.ts'

/**
 * The public listener that delegates dial. There is no internal one: by the network table no service calls
 * delegate-service; tasks reach it through its inbox.
 */
export async function buildApp(deps: Deps): Promise<FastifyInstance> {
  const { config, identity, logger, metrics } = deps
  const app = createServer({ config, identity, logger, metrics, listener: 'public', publicInitiator: 'delegate' })
  // Compression would cost 300 instead of 64 KiB a connection.
  await app.register(websocket, { options: { maxPayload: FRAME_LIMIT_BYTES, perMessageDeflate: false } })
  registerRoutes(app, deps)
  return app
}
