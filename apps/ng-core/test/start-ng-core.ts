import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SERVICE_NAMES } from '@sluice/contracts/network'
import { prepareServices } from '@sluice/database/bootstrap'
import { cloneDatabase, makeTestCa, startTestRedis, type ClonedDatabase, type TestCa } from '@sluice/testing'
import { Agent, request, type Dispatcher } from 'undici'
import { z } from 'zod'
import { buildApp } from '../src/app.ts'
import { createDeps, type OpenDeps } from '../src/deps.ts'
import { prepareAccount, type CreatedAccount } from '../src/modules/account/create-account.ts'
import { createNgInbox } from '../src/workers/ng-inbox.ts'

export const PASSWORD = 'correct horse battery staple'

export interface Answer {
  status: number
  /** `data` of the envelope, or the body of a bare route. */
  data: unknown
  code: string | undefined
  message: string
  headers: Dispatcher.ResponseData['headers']
  text: string
}

export interface CallOptions {
  /** Internal token. */
  token?: string
  body?: unknown
  headers?: Record<string, string>
  query?: Record<string, string>
}

/** A reader of server-sent events. */
export interface TestReader {
  /** Next event; undefined at the end of the stream. */
  next(): Promise<{ event: string; data: unknown } | undefined>
  stop(): void
}

export interface TestNgCore {
  deps: OpenDeps
  database: ClonedDatabase
  ca: TestCa
  /** Two accounts with the same identifiers in them. */
  first: CreatedAccount
  second: CreatedAccount
  /** Calls ng-core as the gateway does. */
  call(method: Dispatcher.HttpMethod, path: string, options?: CallOptions): Promise<Answer>
  /** Reads a stream as the gateway does. */
  follow(path: string, options: { token: string; query?: Record<string, string> }): Promise<TestReader>
  /** Signs in and exchanges the session for an internal token. */
  tokenOf(email: string, password?: string): Promise<string>
  /** Adds a user with one role and gives its internal token. */
  tokenWithRole(admin: string, email: string, roles: object[]): Promise<string>
  /** Fails as a peer of another name would. */
  peerCall(peer: (typeof SERVICE_NAMES)[number], path: string): Promise<number>
  stop(): Promise<void>
}

const Envelope = z.looseObject({
  data: z.unknown().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
})

/** Text of a stream up to its first event; then the reader goes away. */
async function firstEvent(body: Dispatcher.ResponseData['body']): Promise<string> {
  let text = ''
  for await (const chunk of body) {
    text += String(chunk)
    if (text.includes('\n\n')) break
  }
  return text
}

async function* eventsIn(body: Dispatcher.ResponseData['body']): AsyncGenerator<{ event: string; data: unknown }> {
  let text = ''
  for await (const chunk of body) {
    text += String(chunk)
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, event, data] = /^event: (.+)\ndata: (.+)$/.exec(text.slice(0, end)) ?? []
      text = text.slice(end + 2)
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) as unknown }
    }
  }
}

/** A whole ng-core on its own database and Redis, spoken to over mutual TLS. */
export async function startNgCore(): Promise<TestNgCore> {
  const [database, redis, ca, folder] = await Promise.all([
    cloneDatabase(prepareServices(['ng-core', 'delegate-service'])),
    startTestRedis(),
    makeTestCa(),
    mkdtemp(join(tmpdir(), 'sluice-ng-core-')),
  ])
  const own = await ca.serviceCertificate('ng-core')
  const deps = await createDeps({
    service: 'ng-core',
    http: { host: '127.0.0.1', port: 0 },
    health: { host: '127.0.0.1', port: 0 },
    tls: { certFile: own.certFile, keyFile: own.keyFile, caFile: ca.caFile },
    destinations: {},
    logLevel: 'silent',
    databaseUrl: database.url('ng-core'),
    redisUrl: redis.url,
    kekFile: join(folder, 'kek.json'),
    firstPasswordFile: undefined,
    firstDelegateTokenFile: undefined,
    firstEmail: 'admin@localhost',
    delegatePublicUrl: 'https://delegates.example:8467',
    publicCaFile: ca.caFile,
  })
  await deps.connectionTests.start()
  const inbox = createNgInbox(deps)
  await inbox.start()
  const app = buildApp(deps)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address() as AddressInfo
  const origin = `https://localhost:${address.port}`
  const agentOf = async (peer: (typeof SERVICE_NAMES)[number]) => {
    const { cert, key } = await ca.serviceCertificate(peer)
    return new Agent({ connect: { cert, key, ca: ca.ca } })
  }
  const gateway = await agentOf('gateway')
  const make = async (name: string, email: string) => {
    const create = await prepareAccount({ name, email, password: PASSWORD })
    return deps.prisma.$transaction(create)
  }
  const first = await make('first', 'admin@first.test')
  const second = await make('second', 'admin@second.test')

  const call: TestNgCore['call'] = async (method, path, options = {}) => {
    const query = new URLSearchParams(options.query).toString()
    const response = await request(`${origin}${path}${query === '' ? '' : `?${query}`}`, {
      method,
      dispatcher: gateway,
      headers: {
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.token === undefined ? {} : { 'x-sluice-token': options.token }),
        ...options.headers,
      },
      body: options.body === undefined ? null : JSON.stringify(options.body),
    })
    const type = String(response.headers['content-type'])
    const text = type.startsWith('text/event-stream') ? await firstEvent(response.body) : await response.body.text()
    const json: unknown = type.startsWith('application/json') && text !== '' ? JSON.parse(text) : {}
    const envelope = Envelope.parse(json)
    return {
      status: response.statusCode,
      data: 'data' in envelope ? envelope.data : json,
      code: envelope.code,
      message: envelope.message ?? '',
      headers: response.headers,
      text,
    }
  }
  const follow: TestNgCore['follow'] = async (path, { token, query }) => {
    const { body, statusCode } = await request(`${origin}${path}?${new URLSearchParams(query).toString()}`, {
      dispatcher: gateway,
      headers: { 'x-sluice-token': token },
    })
    if (statusCode !== 200) throw new Error(await body.text())
    const events = eventsIn(body)
    return {
      next: async () => {
        const result = await events.next()
        return result.done === true ? undefined : result.value
      },
      stop: () => body.destroy(),
    }
  }
  const tokenOf: TestNgCore['tokenOf'] = async (email, password = PASSWORD) => {
    const login = await call('POST', '/ng/api/auth/login', { body: { email, password } })
    const { token } = z.object({ token: z.string() }).parse(login.data)
    const exchanged = await call('POST', '/ng/api/internal/token', {
      body: { credential: { type: 'bearer', value: token } },
    })
    return z.object({ token: z.string() }).parse(exchanged.data).token
  }
  return {
    deps,
    database,
    ca,
    first,
    second,
    call,
    follow,
    tokenOf,
    tokenWithRole: async (admin, email, roleAssignments) => {
      const created = await call('POST', '/ng/api/user', {
        token: admin,
        body: { user: { email, name: email, password: PASSWORD, roleAssignments } },
      })
      if (created.status !== 200) throw new Error(created.message)
      return tokenOf(email)
    },
    peerCall: async (peer, path) => {
      const agent = await agentOf(peer)
      try {
        const response = await request(`${origin}${path}`, { dispatcher: agent })
        await response.body.dump()
        return response.statusCode
      } finally {
        await agent.destroy()
      }
    },
    stop: async () => {
      await gateway.destroy()
      await app.close()
      await inbox.stop()
      await deps.close()
      await database.drop()
      await redis.stop()
      await ca.dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
