import { z } from 'zod'

export type ErrorKind = 'user' | 'operational' | 'bug'
export interface ErrorSpec {
  /** HTTP status. */
  status: number
  /** `user` is logged at info, `operational` at warn, `bug` at error. */
  kind: ErrorKind
}

/** Every error code of the system with its status and kind. */
export const errorCatalog = {
  INVALID_REQUEST: { status: 400, kind: 'user' },
  BODY_TOO_LARGE: { status: 413, kind: 'user' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, kind: 'user' },
  UNAUTHENTICATED: { status: 401, kind: 'user' },
  INVALID_CREDENTIALS: { status: 401, kind: 'user' },
  INVALID_TOKEN: { status: 401, kind: 'user' },
  EXPIRED_TOKEN: { status: 401, kind: 'user' },
  ACCESS_DENIED: { status: 403, kind: 'user' },
  CSRF_REJECTED: { status: 403, kind: 'user' },
  PEER_NOT_ALLOWED: { status: 403, kind: 'operational' },
  FEATURE_DISABLED: { status: 403, kind: 'user' },
  ROUTE_NOT_FOUND: { status: 404, kind: 'user' },
  ENTITY_NOT_FOUND: { status: 404, kind: 'user' },
  DUPLICATE_IDENTIFIER: { status: 409, kind: 'user' },
  VERSION_CONFLICT: { status: 409, kind: 'user' },
  ENTITY_IN_USE: { status: 409, kind: 'user' },
  INVALID_STATE: { status: 409, kind: 'user' },
  RANGE_NOT_SATISFIABLE: { status: 416, kind: 'user' },
  TOO_MANY_REQUESTS: { status: 429, kind: 'user' },
  SECRET_TOO_SHORT: { status: 400, kind: 'user' },
  PIPELINE_INVALID_YAML: { status: 400, kind: 'user' },
  EXPRESSION_UNRESOLVED: { status: 400, kind: 'user' },
  REFERENCE_NOT_FOUND: { status: 400, kind: 'user' },
  CONNECTOR_TYPE_MISMATCH: { status: 400, kind: 'user' },
  URL_REFUSED: { status: 400, kind: 'user' },
  SERVICE_UNAVAILABLE: { status: 503, kind: 'operational' },
  UPSTREAM_TIMEOUT: { status: 504, kind: 'operational' },
  GIT_REF_NOT_FOUND: { status: 400, kind: 'user' },
  GIT_AUTHENTICATION_FAILED: { status: 400, kind: 'user' },
  GIT_UNREACHABLE: { status: 502, kind: 'operational' },
  GIT_FAILED: { status: 502, kind: 'operational' },
  CHANGELOG_NOT_FOUND: { status: 400, kind: 'user' },
  CHANGELOG_INVALID: { status: 400, kind: 'user' },
  CHANGELOG_LOCKED: { status: 409, kind: 'user' },
  CHECKSUM_CHANGED: { status: 409, kind: 'user' },
  PLAN_MOVED: { status: 409, kind: 'user' },
  STATEMENT_FAILED: { status: 400, kind: 'user' },
  DATABASE_UNREACHABLE: { status: 502, kind: 'operational' },
  DATABASE_AUTHENTICATION_FAILED: { status: 400, kind: 'user' },
  DATABASE_PRIVILEGE_MISSING: { status: 400, kind: 'user' },
  DATABASE_NOT_SUPPORTED: { status: 400, kind: 'user' },
  DATABASE_FAILED: { status: 502, kind: 'operational' },
  JDBC_URL_INVALID: { status: 400, kind: 'user' },
  NO_ELIGIBLE_DELEGATES: { status: 503, kind: 'operational' },
  DELEGATE_LOST: { status: 503, kind: 'operational' },
  DELEGATE_TOKEN_INVALID: { status: 401, kind: 'user' },
  TASK_TIMED_OUT: { status: 504, kind: 'operational' },
  TASK_REJECTED: { status: 400, kind: 'user' },
  SECRET_NOT_OPENED: { status: 400, kind: 'operational' },
  POD_INIT_FAILED: { status: 502, kind: 'operational' },
  POD_LOST: { status: 502, kind: 'operational' },
  STEP_FAILED: { status: 400, kind: 'user' },
  STEP_TIMED_OUT: { status: 504, kind: 'user' },
  ABORTED: { status: 409, kind: 'user' },
  LOG_TOKEN_INVALID: { status: 401, kind: 'operational' },
  LINK_INVALID: { status: 403, kind: 'user' },
  INTERNAL: { status: 500, kind: 'bug' },
} as const satisfies Record<string, ErrorSpec>
export type ErrorCode = keyof typeof errorCatalog
export const ERROR_CODES = Object.keys(errorCatalog).filter((code): code is ErrorCode => code in errorCatalog)
export const ErrorCodeSchema = z
  .string()
  .refine((code): code is ErrorCode => code in errorCatalog, { message: 'unknown error code' })

export interface AppErrorOptions {
  /** Public and structured: field problems, ids. Never a secret. */
  details?: unknown
  /** Private: goes to the log only. */
  context?: Record<string, unknown>
  cause?: unknown
}

/** An error with a code of the catalogue and a sentence for the user that says what to do next. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: unknown
  readonly context: Record<string, unknown> | undefined

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = options.details
    this.context = options.context
  }

  get status(): number {
    return errorCatalog[this.code].status
  }

  get kind(): ErrorKind {
    return errorCatalog[this.code].kind
  }
}

/** True for our own errors, also when they come from another copy of this module. */
export function isAppError(error: unknown): error is AppError {
  return error instanceof Error && error.name === 'AppError' && 'code' in error && String(error.code) in errorCatalog
}

/** One problem of an input: where, and a sentence. Lines and columns count from 1. */
export const Problem = z
  .object({
    message: z.string(),
    path: z.string().optional(),
    file: z.string().optional(),
    line: z.number().int().optional(),
    column: z.number().int().optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof Problem>

/** Wire form of every error: HTTP body, WebSocket error frame, job and step failure. */
export const ErrorBody = z
  .object({
    status: z.enum(['ERROR', 'FAILURE']).default('ERROR'),
    code: z.string(),
    message: z.string(),
    details: z.unknown().optional(),
    correlationId: z.string(),
  })
  .meta({ id: 'Error' })
export type ErrorBody = z.infer<typeof ErrorBody>

/** Converts anything thrown to the wire form. Unknown errors become INTERNAL with a sentence that reveals nothing. */
export function toErrorBody(error: unknown, correlationId: string): ErrorBody {
  if (isAppError(error)) {
    return {
      status: error.code === 'INVALID_REQUEST' ? 'FAILURE' : 'ERROR',
      code: error.code,
      message: error.message,
      ...(error.details === undefined ? {} : { details: error.details }),
      correlationId,
    }
  }
  return {
    status: 'ERROR',
    code: 'INTERNAL',
    message: `Something went wrong on our side. Try again; if it stays, give your administrator the correlation id "${correlationId}".`,
    correlationId,
  }
}

/** Inverse of {@link toErrorBody}, for a typed client. A code this version does not know becomes SERVICE_UNAVAILABLE. */
export function fromErrorBody(body: unknown, status: number): AppError {
  const parsed = ErrorBody.partial({ correlationId: true }).safeParse(body)
  if (!parsed.success) {
    return new AppError(
      'SERVICE_UNAVAILABLE',
      `A service answered with HTTP ${status} and no readable reason. Try again.`,
      {
        context: { body },
      },
    )
  }
  const { code, message, details } = parsed.data
  const known = ERROR_CODES.find((candidate) => candidate === code)
  return new AppError(known ?? 'SERVICE_UNAVAILABLE', message, { details, context: { upstreamCode: code, status } })
}

/** For the default branch of an exhaustive switch. */
export function assertNever(value: never): never {
  throw new AppError('INTERNAL', `unexpected value ${JSON.stringify(value)}`)
}

/** Classes of step failure, as published. */
export const FAILURE_TYPES = [
  'Unknown',
  'Authentication',
  'Authorization',
  'Connectivity',
  'Timeout',
  'Verification',
  'DelegateProvisioning',
  'DelegateRestart',
  'PolicyEvaluationFailure',
  'UserMarkedFailure',
] as const
export const FailureType = z.enum(FAILURE_TYPES)
export type FailureType = z.infer<typeof FailureType>

/** Why a step or a task failed: a result, not an error of ours. */
export const Failure = z
  .object({
    code: z.string().max(64),
    message: z.string().max(16_384),
    failureTypes: z.array(FailureType).max(8),
    details: z.unknown().optional(),
  })
  .meta({ id: 'Failure' })
export type Failure = z.infer<typeof Failure>

/** Failure strategies choose by type: this is the one place that says which type a code has. */
export const failureTypeOf: Readonly<Record<ErrorCode, FailureType>> = {
  INVALID_REQUEST: 'Unknown',
  BODY_TOO_LARGE: 'Unknown',
  UNSUPPORTED_MEDIA_TYPE: 'Unknown',
  UNAUTHENTICATED: 'Authentication',
  INVALID_CREDENTIALS: 'Authentication',
  INVALID_TOKEN: 'Authentication',
  EXPIRED_TOKEN: 'Authentication',
  ACCESS_DENIED: 'Authorization',
  CSRF_REJECTED: 'Authorization',
  PEER_NOT_ALLOWED: 'Authorization',
  FEATURE_DISABLED: 'Authorization',
  ROUTE_NOT_FOUND: 'Unknown',
  ENTITY_NOT_FOUND: 'Unknown',
  DUPLICATE_IDENTIFIER: 'Unknown',
  VERSION_CONFLICT: 'Unknown',
  ENTITY_IN_USE: 'Unknown',
  INVALID_STATE: 'Unknown',
  RANGE_NOT_SATISFIABLE: 'Unknown',
  TOO_MANY_REQUESTS: 'Unknown',
  SECRET_TOO_SHORT: 'Unknown',
  PIPELINE_INVALID_YAML: 'Unknown',
  EXPRESSION_UNRESOLVED: 'Unknown',
  REFERENCE_NOT_FOUND: 'Verification',
  CONNECTOR_TYPE_MISMATCH: 'Verification',
  URL_REFUSED: 'Verification',
  SERVICE_UNAVAILABLE: 'Connectivity',
  UPSTREAM_TIMEOUT: 'Timeout',
  GIT_REF_NOT_FOUND: 'Verification',
  GIT_AUTHENTICATION_FAILED: 'Authentication',
  GIT_UNREACHABLE: 'Connectivity',
  GIT_FAILED: 'Unknown',
  CHANGELOG_NOT_FOUND: 'Verification',
  CHANGELOG_INVALID: 'Verification',
  CHANGELOG_LOCKED: 'Timeout',
  CHECKSUM_CHANGED: 'Verification',
  PLAN_MOVED: 'Verification',
  STATEMENT_FAILED: 'Unknown',
  DATABASE_UNREACHABLE: 'Connectivity',
  DATABASE_AUTHENTICATION_FAILED: 'Authentication',
  DATABASE_PRIVILEGE_MISSING: 'Authorization',
  DATABASE_NOT_SUPPORTED: 'Verification',
  DATABASE_FAILED: 'Unknown',
  JDBC_URL_INVALID: 'Verification',
  NO_ELIGIBLE_DELEGATES: 'DelegateProvisioning',
  DELEGATE_LOST: 'DelegateRestart',
  DELEGATE_TOKEN_INVALID: 'Authentication',
  TASK_TIMED_OUT: 'Timeout',
  TASK_REJECTED: 'Unknown',
  SECRET_NOT_OPENED: 'Authorization',
  POD_INIT_FAILED: 'DelegateProvisioning',
  POD_LOST: 'DelegateRestart',
  STEP_FAILED: 'Unknown',
  STEP_TIMED_OUT: 'Timeout',
  ABORTED: 'UserMarkedFailure',
  LOG_TOKEN_INVALID: 'Authorization',
  LINK_INVALID: 'Authorization',
  INTERNAL: 'Unknown',
}

/** An error of ours as the failure of a step or task. */
export function toFailure(error: AppError): Failure {
  return {
    code: error.code,
    message: error.message,
    failureTypes: [failureTypeOf[error.code]],
    ...(error.details === undefined ? {} : { details: error.details }),
  }
}
