import { AppError, type ErrorCode } from '@sluice/contracts/errors'

/** Why a target can't be reached, each with the error code of the catalogue that it travels under. */
const REASONS = {
  INVALID_JDBC_URL: 'JDBC_URL_INVALID',
  JDBC_PARAMETER_REFUSED: 'JDBC_URL_INVALID',
  DRIVER_NOT_BUILT: 'DATABASE_NOT_SUPPORTED',
  ADDRESS_REFUSED: 'URL_REFUSED',
  UNKNOWN_HOST: 'DATABASE_UNREACHABLE',
  CONNECTION_REFUSED: 'DATABASE_UNREACHABLE',
  HOST_UNREACHABLE: 'DATABASE_UNREACHABLE',
  CONNECT_TIMEOUT: 'DATABASE_UNREACHABLE',
  TLS_NOT_OFFERED: 'DATABASE_UNREACHABLE',
  TLS_FAILED: 'DATABASE_UNREACHABLE',
  WRONG_PASSWORD: 'DATABASE_AUTHENTICATION_FAILED',
  LOGIN_REFUSED: 'DATABASE_AUTHENTICATION_FAILED',
  UNKNOWN_DATABASE: 'DATABASE_AUTHENTICATION_FAILED',
  TOO_MANY_CONNECTIONS: 'DATABASE_UNREACHABLE',
  DATABASE_STARTING: 'DATABASE_UNREACHABLE',
  UNKNOWN_ROLE: 'DATABASE_PRIVILEGE_MISSING',
  UNKNOWN_SCHEMA: 'DATABASE_PRIVILEGE_MISSING',
  NOT_PRIMARY: 'DATABASE_UNREACHABLE',
  CONNECTION_LOST: 'DATABASE_UNREACHABLE',
  LOGIN_FAILED: 'DATABASE_FAILED',
  ABORTED: 'ABORTED',
} as const satisfies Record<string, ErrorCode>
export type DriverErrorReason = keyof typeof REASONS

/** No session with the target: `reason` is finer than `code`, the sentence says what to do. Never holds a password. */
export class DriverError extends AppError {
  readonly reason: DriverErrorReason

  constructor(
    reason: DriverErrorReason,
    sentence: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(REASONS[reason], sentence, { details: { reason, ...options.details }, cause: options.cause })
    this.reason = reason
  }
}
