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

/** A pino logger for one service, JSON to standard output. */
export function createLogger(config: Pick<ServiceConfig, 'service' | 'logLevel'>): Logger {
  return pino({ name: config.service, level: config.logLevel, redact: { paths: REDACTED, censor: '[redacted]' } })
}
