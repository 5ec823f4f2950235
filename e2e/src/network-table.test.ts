import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { exchangeCredential } from '@sluice/contracts/auth'
import { listDbSchemas } from '@sluice/contracts/dbops-schemas'
import { allowedPeers, EDGES, SERVICE_NAMES, SERVICES, type ServiceName } from '@sluice/contracts/network'
import { ALL_ROUTES } from '@sluice/contracts/route-list'
import { publicPath } from '@sluice/contracts/routes'
import { createIdentity, createServiceClient } from '@sluice/service-kit'
import { makeTestCa, type CertificateFiles, type TestCa } from '@sluice/testing'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send, signIn, type ApiClient } from './system/api-client.ts'
import { credentialsOf, speakAs, speakWith, type Speaker } from './system/as-service.ts'
import { system } from './system/system.ts'

/** By the table nobody of the control plane calls these two: one is the public door, the other takes tasks by inbox. */
const WITHOUT_MUTUAL_TLS: readonly ServiceName[] = ['gateway', 'delegate-service']
const LISTENERS = SERVICE_NAMES.filter((service) => !WITHOUT_MUTUAL_TLS.includes(service))
const ACTING_FOR = (accountId: string) =>
  JSON.stringify({ accountId, principal: { type: 'USER', id: 'usr-nobody', name: 'nobody' } })

const speakers = new Map<ServiceName, Speaker>()
let ca: TestCa
let client: ApiClient & { accountId: string }

beforeAll(async () => {
  ca = await makeTestCa()
  client = await signIn(system.first)
  for (const service of SERVICE_NAMES) speakers.set(service, await speakAs(service))
})

afterAll(async () => {
  await Promise.all([...speakers.values()].map((one) => one.close()))
  await ca.dispose()
})

function speaker(service: ServiceName): Speaker {
  const found = speakers.get(service)
  if (found === undefined) throw new Error(`nobody speaks as ${service}`)
  return found
}

function urlOf(service: ServiceName): string {
  return system.serviceUrls[service] ?? ''
}

function codesOf(error: unknown): string {
  const { code, message, cause } = Object(error) as { code?: unknown; message?: unknown; cause?: unknown }
  return `${String(code)} ${String(message)}${cause === undefined ? '' : ` ${codesOf(cause)}`}`
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    (answer) => `answered: ${JSON.stringify(answer)}`,
    (error: unknown) => codesOf(error),
  )
}

const TLS_REFUSAL = /ERR_SSL|ERR_TLS|CERT|SELF_SIGNED|UNABLE_TO|alert|ECONNRESET|UND_ERR_SOCKET/

describe('every pair of services', () => {
  test('exactly the edges of the network table answer', async () => {
    const open: string[] = []
    const shut: string[] = []
    for (const from of SERVICE_NAMES) {
      for (const to of LISTENERS) {
        const { status, code } = await speaker(from).send(urlOf(to), `${SERVICES[to].pathPrefix}/nothing-is-here`)
        if (status === 403 && code === 'PEER_NOT_ALLOWED') shut.push(`${from} → ${to}`)
        else open.push(`${from} → ${to}`)
      }
    }
    const edges = EDGES.map(({ from, to }) => `${from} → ${to}`)
    const between = SERVICE_NAMES.flatMap((from) => LISTENERS.map((to) => `${from} → ${to}`))
    expect(open.toSorted()).toEqual(between.filter((pair) => edges.includes(pair)).toSorted())
    expect(shut).toHaveLength(between.length - open.length)
    expect(open).toHaveLength(6)
  })

  test('a peer without an edge reaches no route at all, whatever the route asks for', async () => {
    const reached: string[] = []
    for (const to of LISTENERS) {
      const stranger = SERVICE_NAMES.find((name) => name !== to && !allowedPeers(to).includes(name)) ?? to
      for (const { method, path } of ALL_ROUTES.filter((route) => route.service === to)) {
        const { status, code } = await speaker(stranger).send(urlOf(to), path.replaceAll(/:(\w+)/g, 'x'), { method })
        if (status !== 403 || code !== 'PEER_NOT_ALLOWED')
          reached.push(`${stranger} → ${to}: ${method} ${path} ${status}`)
      }
    }
    expect(reached).toEqual([])
  })

  test('delegate-service listens for no service', async () => {
    for (const from of SERVICE_NAMES) {
      expect(
        await refusalOf(speaker(from).send(urlOf('delegate-service'), '/delegate-service/ws')),
        `${from} → delegate-service`,
      ).toContain('ECONNREFUSED')
    }
  })

  test('at the gateway a certificate of a service is worth nothing', async () => {
    for (const from of SERVICE_NAMES) {
      const { code } = await speaker(from).send(urlOf('gateway'), '/gateway/ng/api/organizations')
      expect(code, `${from} → gateway`).toBe('UNAUTHENTICATED')
      const { status } = await speaker(from).send(urlOf('gateway'), '/gateway/ng/api/internal/token', {
        method: 'POST',
        body: '{}',
      })
      expect(status, `${from} → gateway`).toBe(404)
    }
  })
})

describe('a server checks who calls', () => {
  test.each(LISTENERS)('%s refuses a caller without a certificate', async (to) => {
    const stranger = speakWith()
    expect(await refusalOf(stranger.send(urlOf(to), '/'))).toMatch(TLS_REFUSAL)
    await stranger.close()
  })

  test.each(LISTENERS)('%s refuses the right name from a CA of somebody else', async (to) => {
    const [peer] = allowedPeers(to)
    const { cert, key } = await ca.serviceCertificate(peer ?? to)
    const stranger = speakWith({ cert, key })
    expect(await refusalOf(stranger.send(urlOf(to), '/'))).toMatch(TLS_REFUSAL)
    await stranger.close()
  })

  test.each(LISTENERS)('%s refuses what the CA signed for no service', async (to) => {
    const folder = join(system.certificates, 'gateway')
    const publicCertificate = speakWith({
      cert: await readFile(join(folder, 'public.pem'), 'utf8'),
      key: await readFile(join(folder, 'public.key'), 'utf8'),
    })
    expect(await publicCertificate.send(urlOf(to), '/')).toMatchObject({ status: 403, code: 'PEER_NOT_ALLOWED' })
    await publicCertificate.close()
  })

  test.each(LISTENERS)('%s speaks nothing older than TLS 1.3 and no plain HTTP', async (to) => {
    const [peer] = allowedPeers(to)
    const old = speakWith({ ...(await credentialsOf(peer ?? to)), maxVersion: 'TLSv1.2' })
    expect(await refusalOf(old.send(urlOf(to), '/'))).toMatch(TLS_REFUSAL)
    await old.close()
    expect(await refusalOf(speaker(peer ?? to).send(urlOf(to).replace('https', 'http'), '/'))).not.toContain('answered')
  })
})

describe('a client checks whom it called', () => {
  async function listen(files: CertificateFiles): Promise<{ server: Server; url: string; requests: () => number }> {
    let requests = 0
    const server = createServer({ cert: files.cert, key: files.key }, (_request, response) => {
      requests += 1
      response.setHeader('content-type', 'application/json')
      response.end('{}')
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    return { server, url: `https://localhost:${port}`, requests: () => requests }
  }

  /** What ng-manager's own client says when its URL of DB DevOps leads to `url`. */
  async function callOf(url: string, from: ServiceName = 'ng-manager'): Promise<unknown> {
    const folder = join(system.certificates, from)
    const identity = createIdentity({
      certFile: join(folder, 'service.pem'),
      keyFile: join(folder, 'service.key'),
      caFile: system.caFile,
    })
    const caller = createServiceClient({
      config: { service: from, destinations: { 'dbdevops-service': url } },
      identity,
      logger: pino({ level: 'silent' }),
    })
    try {
      return await caller.call(
        listDbSchemas,
        { params: { org: 'default', project: 'default_project' } },
        { onBehalfOf: { accountId: client.accountId, principal: { type: 'USER', id: 'x', name: 'x' } } },
      )
    } finally {
      await caller.close()
      identity.close()
    }
  }

  test('it talks to the service it means to', async () => {
    // Refused for the principal, not for the connection: the call arrived.
    const refusal = await refusalOf(callOf(urlOf('dbdevops-service')))
    expect(refusal).not.toContain('SERVICE_UNAVAILABLE')
    expect(refusal).not.toContain('answered')
  })

  test('it hangs up on another service of the same CA', async () => {
    expect(await refusalOf(callOf(urlOf('scm-service')))).toContain('the server is not dbdevops-service')
  })

  test('it hangs up on a certificate of the CA that names no service', async () => {
    expect(await refusalOf(callOf(system.publicUrls['log-service'] ?? ''))).toContain(
      'the server is not dbdevops-service',
    )
  })

  test('it hangs up on the right name from another CA, before it has said anything', async () => {
    const { server, url, requests } = await listen(await ca.serviceCertificate('dbdevops-service'))
    expect(await refusalOf(callOf(url))).toMatch(/UNABLE_TO|SELF_SIGNED|unable to/)
    expect(requests()).toBe(0)
    server.close()
  })

  test('it calls nobody to whom its service has no edge', async () => {
    expect(await refusalOf(callOf(urlOf('dbdevops-service'), 'gateway'))).toContain('has no edge to dbdevops-service')
  })
})

describe('what may be claimed in headers', () => {
  async function internalToken(): Promise<string> {
    const { status, text } = await speaker('gateway').send(urlOf('ng-core'), exchangeCredential.path, {
      method: 'POST',
      body: JSON.stringify({
        credential: { type: 'apiKey', value: client.headers['x-api-key'] },
        ip: '127.0.0.1',
      }),
    })
    expect(status, text).toBe(200)
    return (JSON.parse(text) as { token: string }).token
  }

  test('the gateway takes away a true internal token and on-behalf-of that come from outside', async () => {
    const outside = {
      'x-sluice-token': await internalToken(),
      'on-behalf-of': ACTING_FOR(client.accountId),
    }
    for (const path of [
      '/gateway/ng/api/organizations',
      '/gateway/pipeline-service/api/pipelines/list',
      '/gateway/dbops/v1/orgs/default/projects/default_project/dbschema',
    ]) {
      const { status, body } = await send('GET', path, { headers: outside })
      expect([status, (Object(body) as { code?: string }).code], path).toEqual([401, 'UNAUTHENTICATED'])
    }
  })

  test('behind the gateway the same token is good for its minute', async () => {
    const token = await internalToken()
    const { status } = await speaker('gateway').send(urlOf('ng-core'), '/ng/api/organizations', {
      headers: { 'x-sluice-token': token },
    })
    expect(status).toBe(200)
  })

  test("the delegates' listeners take neither", async () => {
    const headers = { 'x-sluice-token': await internalToken(), 'on-behalf-of': ACTING_FOR(client.accountId) }
    const stranger = speakWith()
    for (const service of ['log-service', 'delegate-service'] as const) {
      for (const { method, path } of ALL_ROUTES.filter((route) => route.service === service)) {
        const { status } = await stranger.send(system.publicUrls[service] ?? '', path.replaceAll(/:(\w+)/g, 'x'), {
          method,
          headers,
        })
        expect(status, `${method} ${path}`).toBeGreaterThanOrEqual(400)
        expect(status, `${method} ${path}`).toBeLessThan(500)
      }
    }
    await stranger.close()
  })

  test('on-behalf-of is refused from a peer that may only hand on tokens', async () => {
    const speaksForOthers = [
      'pipeline-service → ng-manager',
      'ng-manager → dbdevops-service',
      'ng-manager → scm-service',
    ]
    const answers: string[] = []
    for (const to of LISTENERS) {
      const asking = ALL_ROUTES.find(
        ({ service, auth }) => service === to && (auth === 'permission' || auth === 'peer'),
      )
      if (asking === undefined) continue
      for (const from of allowedPeers(to)) {
        const { code } = await speaker(from).send(urlOf(to), asking.path.replaceAll(/:(\w+)/g, 'x'), {
          method: asking.method,
          headers: { 'on-behalf-of': ACTING_FOR(client.accountId) },
        })
        answers.push(`${from} → ${to}: ${code === 'PEER_NOT_ALLOWED' ? 'refused' : 'heard'}`)
      }
    }
    const edges = LISTENERS.flatMap((to) => allowedPeers(to).map((from) => `${from} → ${to}`))
    expect(answers).toEqual(edges.map((edge) => `${edge}: ${speaksForOthers.includes(edge) ? 'heard' : 'refused'}`))
  })

  test('a peer is not a user: without any header it is nobody', async () => {
    for (const to of LISTENERS) {
      const [asking] = ALL_ROUTES.filter(
        (route) => route.service === to && route.auth === 'permission' && route.method === 'GET',
      )
      const [from] = allowedPeers(to)
      if (asking === undefined || from === undefined) continue
      const { code } = await speaker(from).send(urlOf(to), asking.path.replaceAll(/:(\w+)/g, 'x'))
      expect(code, `${from} → ${to} ${asking.path}`).toBe('UNAUTHENTICATED')
    }
  })

  test('an end user does not reach the routes of services through the gateway', async () => {
    for (const { service, method, path } of ALL_ROUTES.filter((route) => route.auth === 'peer')) {
      for (const at of [`/gateway${path}`, `/gateway/${service}${path}`]) {
        const { status } = await send(method, at.replaceAll(/:(\w+)/g, 'x'), { headers: client.headers })
        expect(status, `${method} ${at}`).toBe(404)
      }
    }
  })
})

describe('listeners on this machine', () => {
  /** Local addresses of everything that listens, from the kernel: `address:port`, hex as it writes them. */
  async function listening(): Promise<{ address: string; port: number }[]> {
    const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8')))
    return tables.flatMap((table) =>
      table
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields[3] === '0A')
        .map((fields) => {
          const [address = '', port = ''] = (fields[1] ?? '').split(':')
          return { address, port: Number.parseInt(port, 16) }
        }),
    )
  }

  test('health, public and mutual-TLS listeners answer on loopback only', async () => {
    const urls = [system.serviceUrls, system.publicUrls, system.healthUrls].flatMap((list) => Object.values(list))
    const ports = new Set([...urls, system.postgresUrl, system.redisAdminUrl].map((url) => Number(new URL(url).port)))
    const found = (await listening()).filter(({ port }) => ports.has(port))
    // delegate-service has a port for mutual TLS that nothing listens on.
    expect(new Set(found.map(({ port }) => port)).size).toBeGreaterThanOrEqual(ports.size - 1)
    expect(found.filter(({ address }) => address !== '0100007F' && address !== `${'0'.repeat(24)}01000000`)).toEqual([])
  })

  test('health listeners know no route of the API and tell no secret', async () => {
    for (const [name, url] of Object.entries(system.healthUrls)) {
      const health = speakWith()
      expect((await health.send(url, '/healthz')).status, name).toBe(200)
      expect((await health.send(url, '/ng/api/organizations')).status, name).toBe(404)
      const { text } = await health.send(url, '/readyz')
      expect(text, name).not.toMatch(/password|:\/\/[^"]*@/)
      await health.close()
    }
  })

  test('the public API tells a stranger no more than that he must log in', async () => {
    const told: string[] = []
    for (const { service, method, path, auth, operationId } of ALL_ROUTES) {
      const at = auth === 'public' || auth === 'peer' ? undefined : publicPath(service, path)
      if (at === undefined) continue
      const { status } = await send(method, at.replaceAll(/:(\w+)/g, 'x'))
      if (status !== 401) told.push(`${operationId}: ${status}`)
    }
    expect(told).toEqual([])
  })
})
