import { gatewayAt } from './gateway-client.ts'
import { system } from './system.ts'

export { ApiError, pathOf, type Answer, type ApiClient } from './gateway-client.ts'

/** The gateway of the system that the global setup started. */
export const { send, clientWith, signIn, listenToAnswers } = gatewayAt(system)
