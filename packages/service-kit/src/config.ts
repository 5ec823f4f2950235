import { AppError } from '@sluice/contracts/errors'
import { allowedDestinations, destinationVariable, SERVICES, type ServiceName } from '@sluice/contracts/network'
import { z } from 'zod'

export interface ServiceConfig {
  service: ServiceName
  http: { host: string; port: number }
  /** Plain listener with health and metrics; loopback or the pod's address. */
  health: { host: string; port: number }
  /** Public listener that authenticates with tokens, for services that have one. */
  publicHttp?: { host: string; port: number; certFile: string; keyFile: string }
  tls: { certFile: string; keyFile: string; caFile: string }
  databaseUrl?: string
  redisUrl?: string
  /** Base URLs, only of services that the network table lets this one call. */
  destinations: Partial<Record<ServiceName, string>>
  dataDir?: string
  /** Base URL at which people reach the gateway. */
  publicUrl?: string
  /** Base URL at which lite engines reach log-service. */
  logServicePublicUrl?: string
  logLevel: string
  /** NDJSON file to which finished spans are appended, for tests and debugging. */
  traceFile?: string
}

const port = z.coerce.number().int().min(0).max(65_535)
const httpsUrl = z.url({ protocol: /^https$/ })

/**
 * Reads a service's configuration from its environment.
 * @throws AppError INVALID_REQUEST that lists every problem at once.
 */
export function loadServiceConfig(service: ServiceName, env: NodeJS.ProcessEnv): ServiceConfig {
  const spec = SERVICES[service]
  const hasPublicListener = spec.publicPort !== undefined
  const Env = z.object({
    SLUICE_HTTP_HOST: z.string().default('127.0.0.1'),
    SLUICE_HTTP_PORT: port.default(spec.port),
    SLUICE_HEALTH_HOST: z.string().default('127.0.0.1'),
    SLUICE_HEALTH_PORT: port.default(spec.healthPort),
    /** Address of the public listener, where it isn't the other one's. */
    SLUICE_PUBLIC_HOST: z.string().optional(),
    SLUICE_PUBLIC_PORT: port.default(spec.publicPort ?? 0),
    SLUICE_TLS_CERT_FILE: z.string(),
    SLUICE_TLS_KEY_FILE: z.string(),
    SLUICE_CA_FILE: z.string(),
    SLUICE_PUBLIC_TLS_CERT_FILE: hasPublicListener ? z.string() : z.string().optional(),
    SLUICE_PUBLIC_TLS_KEY_FILE: hasPublicListener ? z.string() : z.string().optional(),
    SLUICE_DATABASE_URL: spec.schema === undefined ? z.string().optional() : z.string(),
    SLUICE_REDIS_URL: z.string().optional(),
    SLUICE_DATA_DIR: z.string().optional(),
    SLUICE_PUBLIC_URL: httpsUrl.optional(),
    SLUICE_LOG_SERVICE_PUBLIC_URL: httpsUrl.optional(),
    SLUICE_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
    SLUICE_TRACE_FILE: z.string().optional(),
  })
  const parsed = Env.safeParse(env)
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)

  const destinations: Partial<Record<ServiceName, string>> = {}
  for (const destination of allowedDestinations(service)) {
    const url = httpsUrl.safeParse(env[destinationVariable(destination)])
    if (url.success) destinations[destination] = url.data
    else problems.push(`${destinationVariable(destination)}: must be the https URL of ${destination}`)
  }
  if (!parsed.success || problems.length > 0) {
    throw new AppError('INVALID_REQUEST', `${service} can't start, its environment is wrong: ${problems.join('; ')}.`)
  }
  const value = parsed.data
  return {
    service,
    http: { host: value.SLUICE_HTTP_HOST, port: value.SLUICE_HTTP_PORT },
    health: { host: value.SLUICE_HEALTH_HOST, port: value.SLUICE_HEALTH_PORT },
    ...(value.SLUICE_PUBLIC_TLS_CERT_FILE !== undefined && value.SLUICE_PUBLIC_TLS_KEY_FILE !== undefined
      ? {
          publicHttp: {
            host: value.SLUICE_PUBLIC_HOST ?? value.SLUICE_HTTP_HOST,
            port: value.SLUICE_PUBLIC_PORT,
            certFile: value.SLUICE_PUBLIC_TLS_CERT_FILE,
            keyFile: value.SLUICE_PUBLIC_TLS_KEY_FILE,
          },
        }
      : {}),
    tls: {
      certFile: value.SLUICE_TLS_CERT_FILE,
      keyFile: value.SLUICE_TLS_KEY_FILE,
      caFile: value.SLUICE_CA_FILE,
    },
    databaseUrl: value.SLUICE_DATABASE_URL,
    redisUrl: value.SLUICE_REDIS_URL,
    destinations,
    dataDir: value.SLUICE_DATA_DIR,
    publicUrl: value.SLUICE_PUBLIC_URL,
    logServicePublicUrl: value.SLUICE_LOG_SERVICE_PUBLIC_URL,
    logLevel: value.SLUICE_LOG_LEVEL,
    traceFile: value.SLUICE_TRACE_FILE,
  }
}
