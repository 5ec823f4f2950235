import type { RouteInput, RouteResponse } from '@sluice/contracts/routes'
import { operations, type Operations } from './generated/operations.ts'
import { ApiProblem, isRecord, problemOf, unreachable } from './problem.ts'
import { session } from './session.ts'

export type OperationId = keyof Operations
export type Input<Id extends OperationId> = RouteInput<Operations[Id]>
export type Output<Id extends OperationId> = RouteResponse<Operations[Id]>

/** Requests that wait on purpose (long polls) take up to 30 s; whatever takes longer has failed. */
const TIMEOUT_MS = 60_000

interface CallOptions {
  signal?: AbortSignal
  headers?: Record<string, string>
}

/** Address of an operation, with its parameters filled in: for links, downloads and event streams. */
export function urlOf<Id extends OperationId>(id: Id, input: Omit<Input<Id>, 'body'>): string {
  return address(id, input)
}

function address(id: OperationId, input: { params?: unknown; query?: unknown }): string {
  const params: Record<string, unknown> = isRecord(input.params) ? input.params : {}
  const path = operations[id].path.replaceAll(/:(\w+)/g, (_match, name: string) =>
    encodeURIComponent(String(params[name])),
  )
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(isRecord(input.query) ? input.query : {})) {
    if (value === undefined || value === '') continue
    for (const item of Array.isArray(value) ? value : [value]) search.append(name, String(item))
  }
  const query = search.toString()
  return query === '' ? path : `${path}?${query}`
}

async function send<Id extends OperationId>(id: Id, input: Input<Id>, options: CallOptions): Promise<Response> {
  const operation = operations[id]
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers }
  let body: string | undefined
  if (input.body !== undefined) {
    headers['content-type'] = operation.bodyType ?? 'application/json'
    body = operation.bodyType === undefined ? JSON.stringify(input.body) : String(input.body)
  }
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
  let response: Response
  try {
    response = await fetch(address(id, input), { method: operation.method, headers, body, signal })
  } catch (error) {
    if (options.signal?.aborted === true) throw error
    throw unreachable()
  }
  if (response.ok) return response
  const problem = problemOf(response.status, await response.json().catch(() => undefined))
  if (response.status === 401 && id !== 'login' && id !== 'changePassword') session.expire()
  throw problem
}

async function read<Id extends OperationId>(id: Id, response: Response): Promise<Output<Id>> {
  if (response.status === 204) return undefined as Output<Id>
  const body: unknown = await response.json().catch(() => {
    throw new ApiProblem({
      code: 'SERVICE_UNAVAILABLE',
      status: response.status,
      message: 'Sluice answered with something unreadable. Reload the page; it may be of an older version.',
    })
  })
  // The parsing seam: the server validated the answer against the very contract that the type comes from.
  return (operations[id].family === 'ng' && isRecord(body) ? body['data'] : body) as Output<Id>
}

/**
 * Calls an operation of the API. `input` and the answer have the contract's types.
 * @throws ApiProblem with the API's sentence; the abort reason when `signal` aborts
 */
export async function call<Id extends OperationId>(
  id: Id,
  input: Input<Id>,
  options: CallOptions = {},
): Promise<Output<Id>> {
  return read(id, await send(id, input, options))
}

/** Like {@link call}, with the total that lists of the DB DevOps family carry in `X-Total-Elements`. */
export async function callList<Id extends OperationId>(
  id: Id,
  input: Input<Id>,
  options: CallOptions = {},
): Promise<{ items: Output<Id>; total: number }> {
  const response = await send(id, input, options)
  const total = Number(response.headers.get('x-total-elements') ?? 0)
  return { items: await read(id, response), total }
}
