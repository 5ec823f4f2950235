import { once } from 'node:events'
import { connect } from 'node:http2'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { until } from '@sluice/testing'
import { PASSWORD, startGateway, type Answer, type TestGateway } from './start-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway?.stop())

const LOGIN = '/gateway/ng/api/auth/login'
const CURRENT = '/gateway/ng/api/user/currentUser'

async function signIn(): Promise<{ bearer: string; cookie: string; answer: Answer }> {
  const answer = await gateway.call('POST', LOGIN, { body: { email: 'admin@localhost', password: PASSWORD } })
  const { token } = z.object({ token: z.string() }).parse(answer.json.data)
  const cookie = /sluice_session=[^;]+/.exec(String(answer.headers['set-cookie']))?.[0] ?? ''
  return { bearer: `Bearer ${token}`, cookie, answer }
}

describe('signing in through the gateway', () => {
  test('cookie, bearer token and API key all lead to the same person', async () => {
    const { bearer, cookie, answer } = await signIn()
    expect(answer.status).toBe(200)
    const key = await gateway.call('POST', '/gateway/ng/api/apikey', {
      headers: { authorization: bearer },
      body: { apiKey: { name: 'test' } },
    })
    const { value } = z.object({ value: z.string() }).parse(key.json.data)

    const ways: Record<string, string>[] = [{ authorization: bearer }, { cookie }, { 'x-api-key': value }]
    for (const headers of ways) {
      const me = await gateway.call('GET', CURRENT, { headers })
      expect(me.json.data).toMatchObject({ email: 'admin@localhost', accountIdentifier: gateway.accountId })
    }
  })

  test('nobody and nonsense are told to log in', async () => {
    expect((await gateway.call('GET', CURRENT)).json.code).toBe('UNAUTHENTICATED')
    expect((await gateway.call('GET', CURRENT, { headers: { 'x-api-key': 'x'.repeat(4_000) } })).json.code).toBe(
      'INVALID_TOKEN',
    )
    expect((await gateway.call('GET', CURRENT, { headers: { authorization: 'Bearer nonsense' } })).status).toBe(401)
  })

  test('signing out ends a session that the gateway had cached', async () => {
    const { cookie } = await signIn()
    expect((await gateway.call('GET', CURRENT, { headers: { cookie } })).status).toBe(200)
    await gateway.call('POST', '/gateway/ng/api/auth/logout', { headers: { cookie, origin: gateway.origin } })

    await until(async () => (await gateway.call('GET', CURRENT, { headers: { cookie } })).status === 401, {
      what: 'the cached token to be dropped',
      deadlineMs: 3_000,
    })
  })

  test('a revoked API key stops within a moment, not after the cache', async () => {
    const { bearer } = await signIn()
    const created = await gateway.call('POST', '/gateway/ng/api/apikey', {
      headers: { authorization: bearer },
      body: { apiKey: { name: 'to revoke' } },
    })
    const { value, apiKey } = z
      .object({ value: z.string(), apiKey: z.object({ identifier: z.string() }) })
      .parse(created.json.data)
    expect((await gateway.call('GET', CURRENT, { headers: { 'x-api-key': value } })).status).toBe(200)
    await gateway.call('DELETE', `/gateway/ng/api/apikey/${apiKey.identifier}`, { headers: { authorization: bearer } })

    await until(async () => (await gateway.call('GET', CURRENT, { headers: { 'x-api-key': value } })).status === 401, {
      what: 'the key to be refused',
      deadlineMs: 3_000,
    })
  })
})

describe('what a caller may not do', () => {
  test('smuggle an internal token, a principal or an address', async () => {
    const { bearer } = await signIn()
    const forged = { 'x-sluice-token': 'forged', 'on-behalf-of': '{}', 'x-forwarded-for': '6.6.6.6' }
    expect((await gateway.call('GET', CURRENT, { headers: forged })).json.code).toBe('UNAUTHENTICATED')
    await gateway.call('GET', '/gateway/pipeline-service/api/thing', { headers: { ...forged, authorization: bearer } })

    const { headers } = gateway.lastUpstream()
    expect(headers['x-sluice-token']).not.toBe('forged')
    expect(headers['on-behalf-of']).toBeUndefined()
    expect(headers['authorization']).toBeUndefined()
    expect(headers['x-forwarded-for']).toBe('127.0.0.1')
  })

  test('hide where it acts from: the audit keeps the true address', async () => {
    const { bearer } = await signIn()
    const headers = { authorization: bearer, 'x-forwarded-for': '6.6.6.6' }
    const body = { organization: { identifier: 'audited', name: 'x' } }
    expect((await gateway.call('POST', '/gateway/ng/api/organizations', { headers, body })).status).toBe(200)

    const filter = { resourceTypes: ['organization'] }
    const audits = await gateway.call('POST', '/gateway/ng/api/audits/list', { headers, body: filter })
    expect(audits.json.data).toMatchObject({ content: [{ source: { ip: '127.0.0.1' } }] })
  })

  test('change something with a cookie from another site', async () => {
    const { cookie } = await signIn()
    const path = '/gateway/pipeline-service/api/thing'

    const foreign = await gateway.call('POST', path, { headers: { cookie, origin: 'https://evil.test' }, body: {} })
    expect(foreign.json.code).toBe('CSRF_REJECTED')
    expect((await gateway.call('POST', path, { headers: { cookie }, body: {} })).json.code).toBe('CSRF_REJECTED')
    expect((await gateway.call('POST', path, { headers: { cookie, origin: gateway.origin }, body: {} })).status).toBe(
      200,
    )
    const fetched = { cookie, 'sec-fetch-site': 'same-origin' }
    expect((await gateway.call('POST', path, { headers: fetched, body: {} })).status).toBe(200)
  })

  test('sign a browser in for another site', async () => {
    const answer = await gateway.call('POST', LOGIN, {
      headers: { origin: 'https://evil.test' },
      body: { email: 'admin@localhost', password: PASSWORD },
    })

    expect(answer.json.code).toBe('CSRF_REJECTED')
  })

  test('name another account', async () => {
    const { bearer } = await signIn()
    const headers = { authorization: bearer }

    expect(
      (await gateway.call('GET', CURRENT, { headers: { ...headers, 'harness-account': gateway.accountId } })).status,
    ).toBe(200)
    expect(
      (await gateway.call('GET', CURRENT, { headers: { ...headers, 'sluice-account': 'acc-other' } })).status,
    ).toBe(404)
    expect((await gateway.call('GET', `${CURRENT}?accountIdentifier=acc-other`, { headers })).json.code).toBe(
      'ENTITY_NOT_FOUND',
    )
  })

  test('reach what is for the gateway only, or climb out of a prefix', async () => {
    const body = { credential: { type: 'bearer', value: 'x' } }
    expect((await gateway.call('POST', '/gateway/ng/api/internal/token', { body })).json.code).toBe('ROUTE_NOT_FOUND')
    expect((await gateway.call('GET', '/gateway/ng/api/%2e%2e/%2e%2e/secret')).status).toBe(404)
    expect((await gateway.call('GET', '/gateway/ng/api//internal/token')).status).toBe(404)
  })

  test('send a sign-in of many kilobytes', async () => {
    const answer = await gateway.call('POST', LOGIN, { body: { email: 'a@b', password: 'x'.repeat(20_000) } })

    expect(answer.status).toBe(413)
  })
})

describe('forwarding', () => {
  test('bodies of any type go through unchanged, with query and method', async () => {
    const { bearer } = await signIn()
    const yaml = 'pipeline:\n  name: ä\n'
    const answer = await gateway.call('PUT', '/gateway/pipeline/api/pipelines/v2/x?orgIdentifier=default', {
      headers: { authorization: bearer, 'content-type': 'application/yaml' },
      body: yaml,
    })

    expect(answer.headers['x-upstream']).toBe('yes')
    expect(gateway.lastUpstream()).toMatchObject({
      method: 'PUT',
      url: '/pipeline-service/api/pipelines/v2/x?orgIdentifier=default',
      body: yaml,
    })
  })

  test('the longest prefix wins', async () => {
    const { bearer } = await signIn()
    await gateway.call('GET', '/gateway/ng/api/scm/list-branches', { headers: { authorization: bearer } })
    expect(gateway.lastUpstream().url).toBe('/pipeline-service/scm/list-branches')
    await gateway.call('GET', '/gateway/dbops/v1/orgs/o/projects/p/dbschema', { headers: { authorization: bearer } })
    expect(gateway.lastUpstream().url).toBe('/pipeline-service/dbops/v1/orgs/o/projects/p/dbschema')
  })

  test('an event stream arrives as it is sent', async () => {
    const { bearer } = await signIn()
    const response = await request(`${gateway.origin}/gateway/pipeline-service/events`, {
      dispatcher: gateway.agent,
      headers: { authorization: bearer },
    })
    const { value } = await response.body[Symbol.asyncIterator]().next()

    expect(String(value)).toBe('data: first\n\n')
    response.body.destroy()
  })

  test('an event stream ends with the session that opened it, over HTTP/1.1 and HTTP/2', async () => {
    const { cookie } = await signIn()
    const path = '/gateway/pipeline-service/events'
    const old = await request(`${gateway.origin}${path}`, { dispatcher: gateway.agent, headers: { cookie } })
    const oldEnd = new Promise((resolve) =>
      old.body
        .once('data', () => {})
        .once('error', resolve)
        .once('end', resolve),
    )
    const session = connect(gateway.origin, { ca: gateway.ca.ca })
    const stream = session.request({ ':path': path, cookie })
    const newEnd = new Promise((resolve) => stream.once('error', resolve).once('close', resolve))
    await once(stream, 'data')
    await gateway.call('POST', '/gateway/ng/api/auth/logout', { headers: { cookie, origin: gateway.origin } })

    await Promise.all([oldEnd, newEnd])
    session.destroy()
    const again = await gateway.call('GET', path, { headers: { cookie } })
    expect(again.status).toBe(401)
  })

  test('a service that is down is named by its edge', async () => {
    const { bearer } = await signIn()
    const answer = await gateway.call('GET', '/gateway/log-service/stream?key=a', {
      headers: { authorization: bearer },
    })

    expect(answer.status).toBe(503)
    expect(answer.json.message).toContain('gateway → log-service')
  })

  test('an unknown path gets a sentence', async () => {
    const answer = await gateway.call('GET', '/gateway/nothing/here')

    expect(answer.status).toBe(404)
    expect(answer.json.code).toBe('ROUTE_NOT_FOUND')
    expect(answer.json.message).toContain('/gateway/nothing/here')
  })

  test('HTTP/2 does all of it: sign-in, a change with the cookie, an event stream', async () => {
    const session = connect(gateway.origin, { ca: gateway.ca.ca })
    const send = async (headers: Record<string, string>, body?: object) => {
      const stream = session.request(
        { 'content-type': 'application/json', ...headers },
        { endStream: body === undefined },
      )
      if (body !== undefined) stream.end(JSON.stringify(body))
      const [answer] = await once(stream, 'response')
      const [first] = await once(stream, 'data')
      stream.close()
      return { status: Number(answer[':status']), cookie: String(answer['set-cookie']), first: String(first) }
    }
    const login = await send({ ':method': 'POST', ':path': LOGIN }, { email: 'admin@localhost', password: PASSWORD })
    expect(login.status).toBe(200)
    const own = { cookie: /sluice_session=[^;]+/.exec(login.cookie)?.[0] ?? '', origin: gateway.origin }

    const changed = await send({ ':method': 'POST', ':path': '/gateway/pipeline-service/api/thing', ...own }, { a: 1 })
    expect(changed.status).toBe(200)
    expect(gateway.lastUpstream().body).toBe('{"a":1}')
    const streamed = await send({ ':path': '/gateway/pipeline-service/events', ...own })
    expect(streamed.first).toBe('data: first\n\n')
    session.destroy()
  })
})

describe('the reference', () => {
  test('the OpenAPI document describes what is public', async () => {
    const answer = await gateway.call('GET', '/gateway/openapi.json')

    expect(answer.status).toBe(200)
    expect(answer.text).toContain('"operationId": "login"')
  })

  test('the page loads only from here, under a strict policy', async () => {
    const page = await gateway.call('GET', '/gateway/docs/')

    expect(page.status).toBe(200)
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toMatch(/script-src 'self' 'sha256-/)
    expect(page.text).not.toMatch(/(?:src|href)="https?:/)
    const script = await gateway.call('GET', '/gateway/docs/js/scalar.js')
    expect(script.status).toBe(200)
  })

  test('who opens the bare address is led to the page', async () => {
    const root = await gateway.call('GET', '/')

    expect(root.status).toBe(302)
    expect(root.headers['location']).toBe('/gateway/docs')
  })

  test('every answer carries the security headers', async () => {
    const { headers } = await gateway.call('GET', '/gateway/health')

    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['x-correlation-id']).toMatch(/^req-/)
  })
})
