import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SERVICE_NAMES, type ServiceName } from '@sluice/contracts/network'
import { prepareServices, redisAcl } from '@sluice/database/bootstrap'
import { freePorts } from '@sluice/local-servers'
import { cloneDatabase, makeTestCa, startTestRedis, until, type TestCa } from '@sluice/testing'
import { Agent, request, type Dispatcher } from 'undici'
import { buildApp } from '../src/app.ts'
import { createDeps, type Deps } from '../src/deps.ts'
import type { RateLimits } from '../src/config.ts'

export const PASSWORD = 'correct horse battery staple'

export interface Answer {
  status: number
  text: string
  json: { data?: unknown; code?: string; message?: string; correlationId?: string }
  headers: Dispatcher.ResponseData['headers']
}

export interface TestGateway {
  origin: string
  agent: Agent
  deps: Deps
  ca: TestCa
  accountId: string
  call(
    method: Dispatcher.HttpMethod,
    path: string,
    options?: { headers?: Record<string, string>; body?: unknown },
  ): Promise<Answer>
  /** What the stand-in for pipeline-service got last. */
  lastUpstream(): { method: string; url: string; headers: IncomingHttpHeaders; body: string }
  stop(): Promise<void>
}

/** A peer behind the gateway that says what it was sent: the gateway's side of the edge is what is tested. */
async function startUpstream(
  ca: TestCa,
): Promise<{ server: Server; port: number; last: () => ReturnType<TestGateway['lastUpstream']> }> {
  const { cert, key } = await ca.serviceCertificate('pipeline-service')
  let last = { method: '', url: '', headers: {} as IncomingHttpHeaders, body: '' }
  const server = createServer({ cert, key, ca: ca.ca, requestCert: true, rejectUnauthorized: true }, (req, res) => {
    if (req.url?.endsWith('/events') === true) {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.write('data: first\n\n')
      req.on('close', () => res.end())
      return
    }
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      last = {
        method: req.method ?? '',
        url: req.url ?? '',
        headers: req.headers,
        body: Buffer.concat(chunks).toString(),
      }
      res.writeHead(200, { 'content-type': 'application/json', 'x-upstream': 'yes' }).end('{"ok":true}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port, last: () => last }
}

/** Starts the real ng-core as a process of its own: apps don't import each other. */
async function startNgCore(env: Record<string, string>, healthPort: number): Promise<ChildProcess> {
  const main = fileURLToPath(new URL('../../ng-core/src/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`ng-core ended: ${output}`)
      const answer = await request(`http://127.0.0.1:${healthPort}/readyz`).catch(() => undefined)
      await answer?.body.dump()
      return answer?.statusCode === 200
    },
    { what: 'ng-core to be ready', deadlineMs: 30_000 },
  )
  return child
}

export async function startGateway(limits: Partial<RateLimits> = {}): Promise<TestGateway> {
  const passwords = Object.fromEntries(SERVICE_NAMES.map((name) => [name, `redis-${name}`])) as Record<
    ServiceName,
    string
  >
  const [database, redis, ca, folder] = await Promise.all([
    cloneDatabase(prepareServices(['ng-core', 'delegate-service'])),
    startTestRedis({ acl: redisAcl({ passwords, adminPassword: 'admin' }) }),
    makeTestCa(),
    mkdtemp(join(tmpdir(), 'sluice-gateway-')),
  ])
  const core = await ca.serviceCertificate('ng-core')
  const own = await ca.serviceCertificate('gateway')
  const upstream = await startUpstream(ca)
  const [corePort = 0, healthPort = 0, port = 0] = await freePorts(3)
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, PASSWORD)
  const ngCore = await startNgCore(
    {
      SLUICE_HTTP_PORT: String(corePort),
      SLUICE_HEALTH_PORT: String(healthPort),
      SLUICE_TLS_CERT_FILE: core.certFile,
      SLUICE_TLS_KEY_FILE: core.keyFile,
      SLUICE_CA_FILE: ca.caFile,
      SLUICE_DATABASE_URL: database.url('ng-core'),
      SLUICE_REDIS_URL: redis.urlFor('ng-core', passwords['ng-core']),
      SLUICE_KEK_FILE: join(folder, 'kek.json'),
      SLUICE_FIRST_PASSWORD_FILE: passwordFile,
      SLUICE_FIRST_DELEGATE_TOKEN_FILE: join(folder, 'delegate-token'),
      SLUICE_LOG_LEVEL: 'warn',
    },
    healthPort,
  )
  const origin = `https://localhost:${port}`
  const deps = await createDeps({
    service: 'gateway',
    http: { host: '127.0.0.1', port },
    health: { host: '127.0.0.1', port: 0 },
    tls: { certFile: own.certFile, keyFile: own.keyFile, caFile: ca.caFile },
    destinations: {
      'ng-core': `https://localhost:${corePort}`,
      'pipeline-service': `https://localhost:${upstream.port}`,
      'log-service': 'https://localhost:1',
    },
    logLevel: process.env['TEST_LOG_LEVEL'] ?? 'silent',
    publicUrl: origin,
    redisUrl: redis.urlFor('gateway', passwords.gateway),
    uiDir: undefined,
    limits: {
      perCredentialMinute: 1_000,
      perAddressTenSeconds: 5_000,
      loginsPerMinute: 100,
      loginsPerAddressMinute: 1_000,
      ...limits,
    },
  })
  const app = await buildApp(deps)
  await app.listen({ host: '127.0.0.1', port })
  const agent = new Agent({ connect: { ca: ca.ca }, allowH2: false })
  const token = await readFile(join(folder, 'delegate-token'), 'utf8')
  return {
    origin,
    agent,
    deps,
    ca,
    accountId: /acc-[0-9a-z]{26}/.exec(token)?.[0] ?? '',
    call: async (method, path, options = {}) => {
      const response = await request(`${origin}${path}`, {
        method,
        dispatcher: agent,
        headers: { ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
        body:
          options.body === undefined
            ? null
            : typeof options.body === 'string'
              ? options.body
              : JSON.stringify(options.body),
      })
      const text = await response.body.text()
      const isJson = String(response.headers['content-type']).includes('json')
      return { status: response.statusCode, text, json: isJson ? JSON.parse(text) : {}, headers: response.headers }
    },
    lastUpstream: upstream.last,
    stop: async () => {
      await agent.destroy()
      await app.close()
      await deps.close()
      ngCore.kill('SIGTERM')
      if (ngCore.exitCode === null) await once(ngCore, 'exit')
      upstream.server.closeAllConnections()
      upstream.server.close()
      await database.drop()
      await redis.stop()
      await ca.dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
