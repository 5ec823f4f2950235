import pino, { type Logger } from 'pino'
import type { ServiceConfig } from './config.ts'

/** Paths that may hold a credential in a logged object; their values never reach a log. */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  'req.headers["x-api-key"]',
  'req.headers["x-sluice-token"]',
  '*.password',
  '*.token',
  '*.secret',
]

/**
 * An error as it is logged. ioredis hangs the command with its arguments on its errors: `AUTH` with the password,
 * `PUBLISH` with the payload. Neither belongs in a log.
 */
function serializeError(error: Error): object {
  const { command: _command, ...rest } = Object(pino.stdSerializers.err(error)) as Record<string, unknown>
  return rest
}

/** Options of every logger of a service, also of the one that speaks before the configuration is read. */
export const LOGGER_OPTIONS = {
  redact: { paths: REDACTED, censor: '[redacted]' },
  serializers: { err: serializeError },
}

/** A pino logger for one service, JSON to standard output. */
export function createLogger(config: Pick<ServiceConfig, 'service' | 'logLevel'>): Logger {
  return pino({ ...LOGGER_OPTIONS, name: config.service, level: config.logLevel })
}
