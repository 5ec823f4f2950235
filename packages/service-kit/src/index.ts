export { createAccessControl, loadAccessBindings, type AccessControl, type LoadBindings } from './access-control.ts'
export { clientAddress, FORWARDED_HEADER, ON_BEHALF_OF_HEADER, readActor, TOKEN_HEADER, type Actor } from './actor.ts'
export { recordAudit, type AuditTransaction, type RecordAuditInput } from './audit.ts'
export { canonicalJson } from './canonical-json.ts'
export { createServiceClient, type CallOptions, type ForwardTarget, type ServiceClient } from './client.ts'
export { loadServiceConfig, type ServiceConfig } from './config.ts'
export { startHealth, type HealthServer } from './health.ts'
export { createIdentity, uriNames, type ServiceCredentials, type ServiceIdentity } from './identity.ts'
export { createLogger } from './logger.ts'
export { createMetrics, type ServiceMetrics } from './metrics.ts'
export { registerPassThrough } from './pass-through.ts'
export { retry, retryIdempotent, type RetryPolicy } from './retry.ts'
export { registerRoute, type RegisterRouteOptions, type RouteContext, type RouteResult } from './route.ts'
export { runService, type RunningService } from './run-service.ts'
export { CORRELATION_HEADER, createServer, type CreateServerOptions } from './server.ts'
export { signTask, verifyTaskSignature } from './task-signature.ts'
export {
  createTokenVerifier,
  INTERNAL_AUDIENCE,
  signAsService,
  verifyServiceToken,
  type SignAsServiceOptions,
  type TokenVerifier,
  type VerifyServiceTokenOptions,
} from './tokens.ts'
export { mapUniqueViolation } from './unique-violation.ts'
