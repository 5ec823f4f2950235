import type { Readable } from 'node:stream'
import * as apiKeys from '@sluice/contracts/api-keys'
import * as auth from '@sluice/contracts/auth'
import { publicPath, type RouteContract, type RouteInput, type RouteResponse } from '@sluice/contracts/routes'
import { Agent, request } from 'undici'

export interface Answer {
  status: number
  body: unknown
  text: string
  headers: Record<string, string | string[] | undefined>
}

/** The sentence and code of an answer that is not a success. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly body: unknown

  constructor(answer: Answer) {
    const { code, message } = Object(answer.body) as { code?: string; message?: string }
    super(`${answer.status} ${code ?? ''}: ${message ?? answer.text}`)
    this.status = answer.status
    this.code = code ?? ''
    this.body = answer.body
  }
}

function textQuery(query: unknown): string {
  const entries = Object.entries(Object(query) as Record<string, unknown>).filter(([, value]) => value !== undefined)
  return entries.length === 0
    ? ''
    : `?${new URLSearchParams(entries.map(([key, value]): [string, string] => [key, String(value)])).toString()}`
}

/** Path at the gateway of a contract with its parameters and query filled in. */
export function pathOf(contract: RouteContract, input: { params?: unknown; query?: unknown }): string {
  const path = publicPath(contract.service, contract.path)
  if (path === undefined) throw new Error(`${contract.operationId} is not public`)
  const values = new Map(Object.entries(Object(input.params) as Record<string, string | number>))
  return (
    path.replaceAll(/:(\w+)/g, (_match, name: string) => encodeURIComponent(String(values.get(name) ?? ''))) +
    textQuery(input.query)
  )
}

export interface ApiClient {
  readonly headers: Record<string, string>
  /** Calls a public route. Throws ApiError. */
  call<Contract extends RouteContract>(
    contract: Contract,
    input: RouteInput<Contract>,
  ): Promise<RouteResponse<Contract>>
}

export interface Gateway {
  /** Sends a request through the gateway, with the CA's certificate checked. */
  send: (
    method: string,
    path: string,
    options?: {
      headers?: Record<string, string>
      body?: string
      signal?: AbortSignal
      /** Reads for this many milliseconds at most: for streams that have no end. */
      readMs?: number
    },
  ) => Promise<Answer>
  /** A client that acts with these headers. */
  clientWith: (headers: Record<string, string>) => ApiClient
  /** Logs in and makes an API key. */
  signIn: (account: { email: string; password: string }) => Promise<ApiClient & { accountId: string }>
  /** Calls `listener` with every answer from now on, until the returned function is called. */
  listenToAnswers: (listener: (answer: Answer) => void) => () => void
}

/** What comes within a time; the rest is not waited for. */
async function readFor(body: Readable, readMs: number): Promise<string> {
  const timer = setTimeout(() => body.destroy(), readMs)
  let text = ''
  try {
    for await (const chunk of body.setEncoding('utf8')) text += String(chunk)
  } catch (error) {
    if (!body.destroyed) throw error
  } finally {
    clearTimeout(timer)
  }
  return text
}

/** The gateway of a running system, whichever way it was started. */
export function gatewayAt({ gatewayUrl, caPem }: { gatewayUrl: string; caPem: string }): Gateway {
  const dispatcher = new Agent({ connect: { ca: caPem }, headersTimeout: 120_000, bodyTimeout: 120_000 })
  const listeners = new Set<(answer: Answer) => void>()

  const send: Gateway['send'] = async (method, path, options = {}) => {
    const response = await request(`${gatewayUrl}${path}`, {
      method,
      headers: options.headers ?? {},
      body: options.body ?? null,
      dispatcher,
      signal: options.signal ?? AbortSignal.timeout(60_000),
    })
    const text =
      options.readMs === undefined ? await response.body.text() : await readFor(response.body, options.readMs)
    let body: unknown
    try {
      body = JSON.parse(text)
    } catch {
      body = undefined
    }
    const answer = { status: response.statusCode, body, text, headers: response.headers }
    for (const listener of listeners) listener(answer)
    return answer
  }

  const clientWith: Gateway['clientWith'] = (headers) => ({
    headers,
    async call(contract, input) {
      const type = contract.bodyType ?? 'application/json'
      const body =
        input.body === undefined
          ? undefined
          : contract.bodyType === undefined
            ? JSON.stringify(input.body)
            : String(input.body)
      const answer = await send(contract.method, pathOf(contract, input), {
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': type }) },
        body,
      })
      if (answer.status >= 400) throw new ApiError(answer)
      if (contract.response === undefined) return undefined as RouteResponse<typeof contract>
      const data = contract.family === 'ng' ? (Object(answer.body) as { data: unknown }).data : answer.body
      return contract.response.parse(data) as RouteResponse<typeof contract>
    },
  })

  return {
    send,
    clientWith,
    signIn: async (account) => {
      const session = await clientWith({}).call(auth.login, { body: account })
      const bearer = clientWith({ authorization: `Bearer ${session.token ?? ''}` })
      const { value } = await bearer.call(apiKeys.createApiKey, { body: { apiKey: { name: 'e2e' } } })
      return { ...clientWith({ 'x-api-key': value }), accountId: session.accountIdentifier }
    },
    listenToAnswers: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
