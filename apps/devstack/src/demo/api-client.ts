import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { publicPath, type RouteContract, type RouteInput, type RouteResponse } from '@sluice/contracts/routes'
import { z } from 'zod'

const CALL_WITHIN_MS = 30_000
const Failure = z.object({ code: z.string().default('UNKNOWN'), message: z.string().default('') })

/** An answer of the API that is no success. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  readonly status: number
  readonly code: string

  constructor(operation: string, status: number, body: string) {
    const { code, message } = Failure.catch({ code: 'UNKNOWN', message: body }).parse(parseJson(body))
    super(`${operation} answered ${status} ${code}: ${message}`)
    this.status = status
    this.code = code
  }
}

export interface ApiClient {
  /** @throws ApiFailure */
  call<Contract extends RouteContract>(
    contract: Contract,
    input: RouteInput<Contract>,
  ): Promise<RouteResponse<Contract>>
  /** Data of the server-sent events of a stream, by event, until it ends. @throws ApiFailure */
  events(contract: RouteContract, input: Input): AsyncGenerator<{ event: string; data: unknown }>
  close(): void
}

interface Input {
  params?: unknown
  query?: unknown
  body?: unknown
}

export interface ApiClientOptions {
  gatewayUrl: string
  /** Certificate of the local authority. */
  caPem: string
  headers: Record<string, string>
  /** Ends every call and stream. */
  signal: AbortSignal
}

/** Calls public routes as anybody does: at the gateway, its certificate checked. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const agent = new Agent({ ca: options.caPem, keepAlive: true })
  const send = async (contract: RouteContract, input: Input, signal: AbortSignal): Promise<IncomingMessage> => {
    const body = bodyOf(contract, input)
    const sent = httpsRequest(`${options.gatewayUrl}${pathOf(contract, input)}`, {
      method: contract.method,
      agent,
      signal,
      headers: {
        ...options.headers,
        ...(body === undefined ? {} : { 'content-type': contract.bodyType ?? 'application/json' }),
      },
    })
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    if ((response.statusCode ?? 0) >= 400)
      throw new ApiFailure(contract.operationId, response.statusCode ?? 0, await text(response))
    return response
  }
  return {
    async call(contract, input) {
      const signal = AbortSignal.any([options.signal, AbortSignal.timeout(CALL_WITHIN_MS)])
      const answer = await text(await send(contract, input, signal))
      if (contract.response === undefined) return undefined as RouteResponse<typeof contract>
      const parsed = parseJson(answer)
      const data = contract.family === 'ng' ? z.object({ data: z.unknown() }).parse(parsed).data : parsed
      return contract.response.parse(data) as RouteResponse<typeof contract>
    },
    async *events(contract, input) {
      let unread = ''
      for await (const chunk of (await send(contract, input, options.signal)).setEncoding('utf8')) {
        unread += String(chunk)
        for (let end = unread.indexOf('\n\n'); end !== -1; end = unread.indexOf('\n\n')) {
          const lines = unread.slice(0, end)
          unread = unread.slice(end + 2)
          const event = /^event: (\w+)$/m.exec(lines)?.[1]
          if (event !== undefined) yield { event, data: parseJson(/^data: (.*)$/m.exec(lines)?.[1] ?? '') }
        }
      }
    },
    close: () => agent.destroy(),
  }
}

function bodyOf(contract: RouteContract, { body }: Input): string | undefined {
  if (body === undefined) return undefined
  return contract.bodyType !== undefined && typeof body === 'string' ? body : JSON.stringify(body)
}

function pathOf(contract: RouteContract, { params, query }: Input): string {
  const path = publicPath(contract.service, contract.path)
  if (path === undefined) throw new Error(`${contract.operationId} is not public.`)
  const values = new Map(Object.entries(Object(params) as Record<string, unknown>))
  const filled = path.replaceAll(/:(\w+)/g, (_match, name: string) => encodeURIComponent(textOf(values.get(name))))
  const pairs = Object.entries(Object(query) as Record<string, unknown>).map(([name, value]): [string, string] => [
    name,
    textOf(value),
  ])
  return pairs.length === 0 ? filled : `${filled}?${new URLSearchParams(pairs).toString()}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '')
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // A proxy's page, or nothing: whoever needs a shape says what was wrong with it.
    return undefined
  }
}
