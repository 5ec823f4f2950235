import * as apiKeys from '@sluice/contracts/api-keys'
import * as auth from '@sluice/contracts/auth'
import { publicPath, type RouteContract, type RouteInput, type RouteResponse } from '@sluice/contracts/routes'
import { Agent, request } from 'undici'

const CALL_WITHIN_MS = 60_000

/** Calls public routes through the gateway, with the CA's certificate checked. */
export interface ApiClient {
  /** @throws Error with the answer's status and text where it is no success. */
  call<Contract extends RouteContract>(
    contract: Contract,
    input: RouteInput<Contract>,
  ): Promise<RouteResponse<Contract>>
  /** Names of the server-sent events of a stream, until it ends. */
  events(contract: RouteContract, input: Input): AsyncGenerator<string>
  close(): Promise<void>
}

interface Input {
  params?: unknown
  query?: unknown
  body?: unknown
}

/** Logs in, makes an API key and acts with it. */
export async function signIn(of: {
  gatewayUrl: string
  caPem: string
  email: string
  password: string
}): Promise<ApiClient> {
  const dispatcher = new Agent({ connect: { ca: of.caPem }, headersTimeout: CALL_WITHIN_MS, bodyTimeout: 0 })
  const send = (contract: RouteContract, input: Input, headers: Record<string, string>) => {
    const body = bodyOf(contract, input)
    return request(`${of.gatewayUrl}${pathOf(contract, input)}`, {
      method: contract.method,
      dispatcher,
      headers: body === null ? headers : { ...headers, 'content-type': contract.bodyType ?? 'application/json' },
      body,
    })
  }
  const clientWith = (headers: Record<string, string>): ApiClient => ({
    async call(contract, input) {
      const { statusCode, body } = await send(contract, input, headers)
      const text = await body.text()
      if (statusCode >= 400) throw new Error(`${contract.operationId} answered ${statusCode}: ${text}`)
      if (contract.response === undefined) return undefined as RouteResponse<typeof contract>
      const answer: unknown = JSON.parse(text)
      const data = contract.family === 'ng' ? (Object(answer) as { data: unknown }).data : answer
      return contract.response.parse(data) as RouteResponse<typeof contract>
    },
    async *events(contract, input) {
      const { statusCode, body } = await send(contract, input, headers)
      if (statusCode >= 400) throw new Error(`${contract.operationId} answered ${statusCode}: ${await body.text()}`)
      let text = ''
      for await (const chunk of body) {
        text += String(chunk)
        for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
          const name = /^event: (\w+)$/m.exec(text.slice(0, end))?.[1]
          text = text.slice(end + 2)
          if (name !== undefined) yield name
        }
      }
    },
    close: () => dispatcher.close(),
  })
  const session = await clientWith({}).call(auth.login, { body: { email: of.email, password: of.password } })
  const bearer = clientWith({ authorization: `Bearer ${session.token ?? ''}` })
  const { value } = await bearer.call(apiKeys.createApiKey, { body: { apiKey: { name: 'bench' } } })
  return clientWith({ 'x-api-key': value })
}

function bodyOf(contract: RouteContract, { body }: Input): string | null {
  if (body === undefined) return null
  return contract.bodyType !== undefined && typeof body === 'string' ? body : JSON.stringify(body)
}

function pathOf(contract: RouteContract, { params, query }: Input): string {
  const path = publicPath(contract.service, contract.path)
  if (path === undefined) throw new Error(`${contract.operationId} is not public`)
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
