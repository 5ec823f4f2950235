import { CLOSE_CODES, ENROL_PATH, WS_PATH } from '@sluice/delegate-protocol'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { DelegateConnection } from './modules/connection/delegate-connection.ts'
import { enrolDelegate } from './modules/delegate/enrol-delegate.ts'

export function registerRoutes(app: FastifyInstance, deps: Deps): void {
  app.post(ENROL_PATH, (request) => enrolDelegate(deps, request.body))
  // Everything after the upgrade is the protocol's own: the first frame is the challenge.
  app.register(async (scope) => {
    scope.get(WS_PATH, { websocket: true }, (socket) => {
      const { code } = CLOSE_CODES.goingAway
      if (deps.hub.isDraining) socket.close(code, 'this replica stops; another one answers')
      else void new DelegateConnection(deps, socket)
    })
  })
}
