import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { LogLine } from '@sluice/contracts/logs'
import { LOG_LINES_TYPE } from '@sluice/contracts/logs'
import type { ServiceName } from '@sluice/contracts/network'
import { createPool, createRedis } from '@sluice/database'
import { prepareServices, redisAcl } from '@sluice/database/bootstrap'
import {
  createIdentity,
  INTERNAL_AUDIENCE,
  signAsService,
  TOKEN_HEADER,
  type ServiceIdentity,
} from '@sluice/service-kit'
import { cloneDatabase, makeTestCa, startTestRedis } from '@sluice/testing'
import { Agent, request, type Dispatcher } from 'undici'
import type { LogLimits, LogServiceConfig } from '../src/config.ts'
import { startLogService, type RunningLogService } from '../src/service.ts'

const compress = promisify(gzip)
const REDIS_PASSWORD = 'one-run-only'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  bytes: Buffer
  text: string
  // A test reads what it expects; a wrong shape fails the test.
  json: () => any // eslint-disable-line typescript/no-explicit-any
}

/** A log-service with its stores, and everybody who calls it. */
export async function startFixture(limits: Partial<LogLimits> = {}) {
  const [ca, database, redis, dataDir] = await Promise.all([
    makeTestCa(),
    cloneDatabase(prepareServices(['log-service'])),
    startTestRedis({ acl: redisAcl({ passwords: passwordsOfAll(), adminPassword: REDIS_PASSWORD }) }),
    mkdtemp(join(tmpdir(), 'sluice-logs-')),
  ])
  const superuser = createPool({ url: database.superuserUrl, applicationName: 'fixture', max: 2 })
  await superuser.query(`
    create table ng.access_bindings (account_id text, principal_type text, principal_id text, role text,
      org_identifier text, project_identifier text);
    grant usage on schema ng to sluice_log_service;
    grant select on ng.access_bindings to sluice_log_service;
    insert into ng.access_bindings values
      ('acc-1', 'USER', 'usr-admin', 'admin', null, null), ('acc-2', 'USER', 'usr-admin', 'admin', null, null),
      ('acc-1', 'USER', 'usr-shop', 'viewer', 'default', 'shop'), ('acc-1', 'USER', 'usr-other', 'viewer', 'default', 'other')`)

  const issue = async (service: ServiceName): Promise<ServiceIdentity> =>
    createIdentity({ ...(await ca.serviceCertificate(service)), caFile: ca.caFile })
  const identities: Partial<Record<ServiceName, ServiceIdentity>> = {
    gateway: await issue('gateway'),
    'ng-core': await issue('ng-core'),
    'ng-manager': await issue('ng-manager'),
    'delegate-service': await issue('delegate-service'),
  }
  const identityOf = (service: ServiceName): ServiceIdentity => {
    const identity = identities[service]
    if (identity === undefined) throw new Error(`the fixture has no identity of ${service}`)
    return identity
  }
  const tls = await ca.serviceCertificate('log-service')
  const publicTls = await ca.certificateFor({ dns: ['localhost'], ips: ['127.0.0.1'] })
  const config: LogServiceConfig = {
    service: 'log-service',
    http: { host: '127.0.0.1', port: 0 },
    health: { host: '127.0.0.1', port: 0 },
    publicHttp: { host: '127.0.0.1', port: 0, certFile: publicTls.certFile, keyFile: publicTls.keyFile },
    tls: { certFile: tls.certFile, keyFile: tls.keyFile, caFile: ca.caFile },
    destinations: {},
    databaseUrl: database.url('log-service'),
    redisUrl: redis.urlFor('log-service', REDIS_PASSWORD),
    dataDir,
    logLevel: 'silent',
    limits: {
      accountBytesPerDay: 1e12,
      readersPerAccount: 50,
      readerMaxMs: 60_000,
      pingMs: 15_000,
      uploadGraceMs: 600_000,
      ...limits,
    },
  }
  const running = new Set<RunningLogService>()
  const start = async (): Promise<RunningLogService> => {
    const started = await startLogService(config)
    running.add(started)
    return started
  }
  const service = await start()

  const { cert, key, ca: authority } = identityOf('gateway').credentials()
  const redisAdmin = createRedis({ url: redis.urlFor('admin', REDIS_PASSWORD), onError: () => undefined })
  const gatewayAgent = new Agent({ connect: { cert, key, ca: authority } })
  const publicAgent = new Agent({ connect: { ca: authority } })

  const logToken = async (claims: Record<string, unknown>, signer: ServiceName = 'ng-manager', expiresInS = 600) =>
    signAsService(identityOf(signer), { audience: 'log-service', claims, expiresInS })
  const tokens = new Map<string, string>()
  const tokenFor = async (logKey: string): Promise<string> => {
    const known = tokens.get(logKey)
    if (known !== undefined) return known
    const accountId = logKey.split('/')[0]
    const token = await logToken({ accountId, prefix: logKey, orgIdentifier: 'default', projectIdentifier: 'shop' })
    tokens.set(logKey, token)
    return token
  }
  const actorHeaders = async (accountId: string, principalId: string) => ({
    [TOKEN_HEADER]: await signAsService(identityOf('ng-core'), {
      audience: INTERNAL_AUDIENCE,
      expiresInS: 60,
      claims: {
        accountId,
        principal: { type: 'USER', id: principalId, name: principalId },
        groups: [],
        accessVersion: 1,
        featureFlags: [],
      },
    }),
  })

  const send = async (url: string, options: SendOptions): Promise<Answer> => toAnswer(await request(url, options))

  const fixture = {
    config,
    service,
    superuser,
    redis,
    redisAdmin,
    dataDir,
    start,
    async end(one: RunningLogService) {
      running.delete(one)
      await one.close()
    },
    logToken,
    newKey: (accountId = 'acc-1') => `${accountId}/pex-${randomUUID()}/nod-1/1`,

    /** As a lite engine. */
    async append(logKey: string, batch: readonly LogLine[], options: AppendOptions = {}): Promise<Answer> {
      const body = options.body ?? ndjson(batch)
      return send(`${(options.service ?? service).publicUrl}/log-service/stream?key=${encodeURIComponent(logKey)}`, {
        method: 'PUT',
        dispatcher: publicAgent,
        headers: {
          authorization: `Bearer ${options.token ?? (await tokenFor(logKey))}`,
          'content-type': LOG_LINES_TYPE,
          ...(options.plain === true ? {} : { 'content-encoding': 'gzip' }),
        },
        body: options.plain === true ? body : await compress(body),
      })
    },
    async close(logKey: string, lastSeq: number): Promise<Answer> {
      return send(`${service.publicUrl}/log-service/stream/close?key=${encodeURIComponent(logKey)}`, {
        method: 'POST',
        dispatcher: publicAgent,
        headers: { authorization: `Bearer ${await tokenFor(logKey)}`, 'content-type': 'application/json' },
        body: JSON.stringify({ lastSeq }),
      })
    },
    async uploadLink(logKey: string): Promise<Answer> {
      return send(`${service.publicUrl}/log-service/blob/link/upload?key=${encodeURIComponent(logKey)}`, {
        method: 'POST',
        dispatcher: publicAgent,
        headers: { authorization: `Bearer ${await tokenFor(logKey)}` },
      })
    },
    async put(link: string, body: Buffer): Promise<Answer> {
      return send(`${service.publicUrl}${link}`, {
        method: 'PUT',
        dispatcher: publicAgent,
        headers: { 'content-type': 'application/gzip' },
        body,
      })
    },

    /** As somebody behind the gateway. */
    async get(path: string, options: ReadOptions = {}): Promise<Answer> {
      return send(`${service.internalUrl}${path}`, {
        method: options.method ?? 'GET',
        dispatcher: gatewayAgent,
        headers: {
          ...(await actorHeaders(options.accountId ?? 'acc-1', options.principalId ?? 'usr-admin')),
          ...options.headers,
        },
      })
    },
    async follow(logKey: string, options: ReadOptions & { afterSeq?: number } = {}): Promise<Tail> {
      const abort = new AbortController()
      const base = (options.service ?? service).internalUrl
      const response = await request(`${base}/log-service/stream?key=${encodeURIComponent(logKey)}`, {
        dispatcher: gatewayAgent,
        signal: abort.signal,
        headersTimeout: 10_000,
        bodyTimeout: 30_000,
        headers: {
          ...(await actorHeaders(options.accountId ?? 'acc-1', options.principalId ?? 'usr-admin')),
          ...(options.afterSeq === undefined ? {} : { 'last-event-id': String(options.afterSeq) }),
        },
      })
      return readEvents(response, abort)
    },
    async stop() {
      await Promise.all([...running].map((one) => one.close()))
      await Promise.all([gatewayAgent.destroy(), publicAgent.destroy(), superuser.end()])
      redisAdmin.disconnect()
      for (const identity of Object.values(identities)) identity.close()
      await Promise.all([database.drop(), redis.stop(), ca.dispose(), rm(dataDir, { recursive: true, force: true })])
    },
  }
  return fixture
}

export type Fixture = Awaited<ReturnType<typeof startFixture>>

interface SendOptions {
  method: 'GET' | 'POST' | 'PUT'
  dispatcher: Agent
  headers: Record<string, string>
  body?: Buffer | string
}

interface AppendOptions {
  token?: string
  plain?: boolean
  body?: Buffer
  service?: Pick<RunningLogService, 'publicUrl'>
}

interface ReadOptions {
  accountId?: string
  principalId?: string
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  service?: Pick<RunningLogService, 'internalUrl'>
}

export interface Tail {
  status: number
  contentType: string
  seqs: number[]
  texts: string[]
  pings: number
  /** Data of `event: end`. */
  ended: unknown
  /** Data of `event: error`. */
  error: unknown
  /** Resolves when the answer is over, however. */
  finished: Promise<void>
  /** True once `finished` has resolved. */
  over: boolean
  leave(): void
  /** The unread answer, for slow readers. */
  body: Dispatcher.ResponseData['body']
}

function readEvents(response: Dispatcher.ResponseData, abort: AbortController): Tail {
  const tail: Tail = {
    status: response.statusCode,
    contentType: String(response.headers['content-type']),
    seqs: [],
    texts: [],
    pings: 0,
    ended: undefined,
    error: undefined,
    finished: Promise.resolve(),
    over: false,
    leave: () => abort.abort(),
    body: response.body,
  }
  const read = async (): Promise<void> => {
    let rest = ''
    response.body.setEncoding('utf8')
    for await (const piece of response.body) {
      const blocks = (rest + String(piece)).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const fields = new Map(
          block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        )
        if (block === ': ping') tail.pings += 1
        else if (fields.get('event') === 'end') tail.ended = JSON.parse(fields.get('data') ?? '')
        else if (fields.get('event') === 'error') tail.error = JSON.parse(fields.get('data') ?? '')
        else if (fields.has('id')) {
          const line: LogLine = JSON.parse(fields.get('data') ?? '')
          tail.seqs.push(Number(fields.get('id')))
          tail.texts.push(line.text)
        }
      }
    }
  }
  // Leaving, and a service that goes, end the answer with an error.
  tail.finished = read()
    .catch(() => undefined)
    .finally(() => {
      tail.over = true
    })
  return tail
}

async function toAnswer(response: Dispatcher.ResponseData): Promise<Answer> {
  const bytes = Buffer.from(await response.body.arrayBuffer())
  const text = bytes.toString()
  return { status: response.statusCode, headers: response.headers, bytes, text, json: () => JSON.parse(text) }
}

/** Lines `from` to `to`. */
export function lines(from: number, to: number, text = (seq: number) => `line ${seq}`): LogLine[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    seq: from + index,
    time: 1_800_000_000_000 + from + index,
    level: 'info',
    text: text(from + index),
  }))
}

export function ndjson(all: readonly LogLine[]): Buffer {
  return Buffer.from(all.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

export function counting(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

function passwordsOfAll(): Record<ServiceName, string> {
  return {
    gateway: REDIS_PASSWORD,
    'ng-core': REDIS_PASSWORD,
    'pipeline-service': REDIS_PASSWORD,
    'ng-manager': REDIS_PASSWORD,
    'dbdevops-service': REDIS_PASSWORD,
    'scm-service': REDIS_PASSWORD,
    'log-service': REDIS_PASSWORD,
    'delegate-service': REDIS_PASSWORD,
  }
}
