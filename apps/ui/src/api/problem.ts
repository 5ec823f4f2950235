import type { Problem } from '@sluice/contracts/errors'

/** Why a request failed, as the API said it. `message` is a sentence for people; nothing else is made up around it. */
export class ApiProblem extends Error {
  readonly code: string
  /** HTTP status; 0 where no answer came. */
  readonly status: number
  readonly correlationId: string | undefined
  readonly details: unknown

  constructor(options: { code: string; status: number; message: string; correlationId?: string; details?: unknown }) {
    super(options.message)
    this.name = 'ApiProblem'
    this.code = options.code
    this.status = options.status
    this.correlationId = options.correlationId
    this.details = options.details
  }

  /** Problems of single fields, where the answer names any. */
  get problems(): Problem[] {
    const list = isRecord(this.details) ? this.details['problems'] : this.details
    if (!Array.isArray(list)) return []
    return list.filter((item): item is Problem => isRecord(item) && typeof item['message'] === 'string')
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads an answer that is not a success. */
export function problemOf(status: number, body: unknown): ApiProblem {
  if (isRecord(body) && typeof body['message'] === 'string') {
    return new ApiProblem({
      code: typeof body['code'] === 'string' ? body['code'] : 'UNKNOWN',
      status,
      message: body['message'],
      correlationId: typeof body['correlationId'] === 'string' ? body['correlationId'] : undefined,
      details: body['details'],
    })
  }
  return new ApiProblem({
    code: 'SERVICE_UNAVAILABLE',
    status,
    message: `Sluice answered with HTTP ${status} and gave no reason. Try again in a moment.`,
  })
}

/** No answer at all: the network, or Sluice itself, is away. */
export function unreachable(): ApiProblem {
  return new ApiProblem({
    code: 'UNREACHABLE',
    status: 0,
    message: 'Sluice did not answer. Check your connection and try again.',
  })
}
