import { once } from 'node:events'
import { AppError } from '@sluice/contracts/errors'
import { defineRoute } from '@sluice/contracts/routes'
import { freePort, until } from '@sluice/testing'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { registerPassThrough } from '../src/pass-through.ts'
import { registerRoute } from '../src/route.ts'
import { createKit, logger, type Kit } from './kit.ts'

const base = { service: 'ng-manager', summary: '', tag: '', errors: [], family: 'bare', auth: 'public' } as const
const echo = defineRoute({
  ...base,
  method: 'POST',
  path: '/ng-manager/echo/:name',
  operationId: 'echo',
  params: z.object({ name: z.string() }),
  query: z.object({ q: z.string().optional() }),
  body: z.object({ value: z.string() }),
  response: z.object({
    name: z.string(),
    q: z.string(),
    value: z.string(),
    correlationId: z.string(),
    onBehalfOf: z.string(),
    token: z.string(),
    address: z.string(),
  }),
})
const fails = defineRoute({
  ...base,
  method: 'GET',
  path: '/ng-manager/fails',
  operationId: 'fails',
  response: z.object({}),
})
const hangs = defineRoute({
  ...base,
  method: 'GET',
  path: '/ng-manager/hangs',
  operationId: 'hangs',
  response: z.object({}),
})
const shape = defineRoute({
  ...base,
  method: 'GET',
  path: '/ng-manager/shape',
  operationId: 'shape',
  response: z.object({ a: z.number() }),
})

let kit: Kit
let manager: string
let hanging: AbortSignal[] = []

beforeAll(async () => {
  kit = await createKit()
  const common = { service: 'ng-manager', logger } as const
  manager = await kit.serve('ng-manager', (app) => {
    registerRoute(app, echo, {
      ...common,
      handler: ({ params, query, body, request: { id, headers } }) => ({
        name: params.name,
        q: query.q ?? '',
        value: body.value,
        correlationId: id,
        onBehalfOf: String(headers['on-behalf-of'] ?? ''),
        token: String(headers['x-sluice-token'] ?? ''),
        address: String(headers['x-forwarded-for'] ?? ''),
      }),
    })
    registerRoute(app, fails, {
      ...common,
      handler: () => {
        throw new AppError('GIT_REF_NOT_FOUND', 'There is no branch "x".', { details: { branch: 'x' } })
      },
    })
    registerRoute(app, hangs, {
      ...common,
      handler: async ({ signal }) => {
        hanging.push(signal)
        await once(signal, 'abort')
        return {}
      },
    })
    registerRoute(
      app,
      { ...shape, response: z.object({ a: z.string() }) },
      { ...common, handler: () => ({ a: 'text' }) },
    )
  })
})
afterAll(() => kit.stop())

describe('a call', () => {
  test('carries path, query, body, correlation id, the actor’s token and where they are', async () => {
    const client = await kit.client('pipeline-service', { 'ng-manager': manager })
    const actor = { ...(await kit.actor()), ip: '192.0.2.7' }
    const answer = await client.call(
      echo,
      { params: { name: 'a b/ü?' }, query: { q: '&=' }, body: { value: '✓' } },
      { actor },
    )
    expect(answer).toEqual({
      name: 'a b/ü?',
      q: '&=',
      value: '✓',
      correlationId: 'corr-1',
      onBehalfOf: '',
      token: actor.token,
      address: '192.0.2.7',
    })
  })

  test('for somebody says who, whatever letters the name has, and shows no token', async () => {
    const client = await kit.client('pipeline-service', { 'ng-manager': manager })
    const onBehalfOf = { accountId: 'acc-1', principal: { type: 'USER', id: 'u', name: 'Żółć\n漢字' } } as const
    const answer = await client.call(
      echo,
      { params: { name: 'n' }, body: { value: '' } },
      { onBehalfOf, actor: await kit.actor() },
    )
    expect(JSON.parse(answer.onBehalfOf)).toEqual(onBehalfOf)
    expect(answer.token).toBe('')
  })

  test('that is refused throws the error of the other side', async () => {
    const client = await kit.client('pipeline-service', { 'ng-manager': manager })
    await expect(client.call(fails, {})).rejects.toMatchObject({
      code: 'GIT_REF_NOT_FOUND',
      message: 'There is no branch "x".',
      details: { branch: 'x' },
    })
  })

  test('to a service that is down, too slow, or answers in another shape names the edge', async () => {
    const down = await kit.client('pipeline-service', { 'ng-manager': `https://127.0.0.1:${await freePort()}` })
    await expect(down.call(fails, {})).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      message: expect.stringContaining('pipeline-service → ng-manager'),
    })
    const client = await kit.client('pipeline-service', { 'ng-manager': manager })
    await expect(client.call(hangs, {}, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      message: expect.stringContaining('pipeline-service → ng-manager'),
    })
    await expect(client.call(shape, {})).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('pipeline-service → ng-manager'),
    })
  })

  test('whose caller goes away aborts the other side’s work', async () => {
    hanging = []
    const client = await kit.client('pipeline-service', { 'ng-manager': manager })
    const caller = new AbortController()
    const answer = client.call(hangs, {}, { signal: caller.signal })
    const signal = await until(async () => hanging[0], { what: 'the handler to start' })
    caller.abort()
    await expect(answer).rejects.toThrow()
    await until(async () => signal.aborted, { what: 'the handler’s signal' })
  })

  test('goes nowhere that the table has no edge to, and to nobody with another certificate', async () => {
    const log = await kit.client('pipeline-service', { 'log-service': manager })
    await expect(log.call({ ...fails, service: 'log-service' }, {})).rejects.toMatchObject({ code: 'INTERNAL' })
    const impostor = await kit.serve('scm-service', () => undefined)
    const client = await kit.client('pipeline-service', { 'ng-manager': impostor })
    await expect(client.call(fails, {})).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  })

  test('with a parameter that would climb out of the path is not sent', async () => {
    const client = await kit.client('pipeline-service', { 'ng-manager': manager })
    for (const name of ['..', '.']) {
      await expect(client.call(echo, { params: { name }, body: { value: '' } })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
    }
  })
})

describe('a request that is handed on', () => {
  let entry: string
  let seen: { method: string; url: string; headers: Record<string, unknown>; body: string }[] = []
  let release: (() => void) | undefined
  const closed: boolean[] = []
  const peer = defineRoute({
    ...base,
    service: 'dbdevops-service',
    method: 'GET',
    path: '/dbdevops/peer',
    operationId: 'peer',
    auth: 'peer',
    response: z.object({}),
  })

  beforeAll(async () => {
    const owner = await kit.serve('dbdevops-service', (app) => {
      registerRoute(app, peer, { service: 'dbdevops-service', logger, handler: () => ({}) })
      app.addContentTypeParser('application/x-bytes', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
      app.all('/dbdevops/any/*', (req, reply) => {
        seen.push({
          method: req.method,
          url: req.url,
          headers: req.headers,
          body: Buffer.isBuffer(req.body) ? req.body.toString('hex') : '',
        })
        return reply.code(207).header('x-total-elements', '7').header('set-cookie', ['a=1', 'b=2']).send({ ok: true })
      })
      app.get('/dbdevops/events', (req, reply) => {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
        reply.raw.write('data: one\n\n')
        release = () => reply.raw.write('data: two\n\n')
        req.raw.once('close', () => closed.push(true))
      })
      app.get('/dbdevops/breaks', (_req, reply) => {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-length': '100' })
        reply.raw.write('half')
        setImmediate(() => reply.raw.destroy())
      })
    })
    const middle = await kit.serve('ng-manager', (app, client) => registerPassThrough(app, 'ng-manager', client), {
      'dbdevops-service': owner,
    })
    entry = await kit.serve('pipeline-service', (app, client) => registerPassThrough(app, 'pipeline-service', client), {
      'ng-manager': middle,
    })
  })

  test('keeps method, path, query, body and headers over both hops, and its answer comes back whole', async () => {
    seen = []
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
      const answer = await kit.raw(`${entry}/pipeline-service/dbops/any/a%20b?x=1&y=%26`, 'gateway', {
        method,
        headers: {
          'x-sluice-token': 'the token',
          'x-correlation-id': 'corr-9',
          'if-match': '"3"',
          ...(method === 'GET' ? {} : { 'content-type': 'application/x-bytes' }),
          'on-behalf-of': '{"accountId":"acc-2"}',
        },
        body: method === 'GET' ? undefined : '\u0000\u0001ü',
      })
      expect(answer).toMatchObject({
        status: 207,
        body: { ok: true },
        headers: { 'x-total-elements': '7', 'set-cookie': ['a=1', 'b=2'], 'x-correlation-id': 'corr-9' },
      })
    }
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'POST', 'PUT', 'DELETE'])
    for (const { url, headers, body, method } of seen) {
      expect(url).toBe('/dbdevops/any/a%20b?x=1&y=%26')
      expect(headers).toMatchObject({ 'x-sluice-token': 'the token', 'if-match': '"3"', 'x-correlation-id': 'corr-9' })
      expect(headers['on-behalf-of']).toBeUndefined()
      expect(body).toBe(method === 'GET' ? '' : '0001c3bc')
    }
  })

  test('reaches no route for peers, with or without a token', async () => {
    const withToken: Record<string, string> = { 'x-sluice-token': await kit.token() }
    for (const headers of [{}, withToken]) {
      expect(await kit.raw(`${entry}/pipeline-service/dbops/peer`, 'gateway', { headers })).toMatchObject({
        status: 403,
        body: { code: 'PEER_NOT_ALLOWED' },
      })
    }
  })

  test('passes events on as they come, and its reader’s leaving up to their source', async () => {
    const { cert, key } = await kit.ca.serviceCertificate('gateway')
    const agent = new Agent({ connect: { ca: kit.ca.ca, cert, key } })
    const reader = new AbortController()
    const response = await request(`${entry}/pipeline-service/dbops/events`, {
      dispatcher: agent,
      signal: reader.signal,
    })
    const chunks = response.body[Symbol.asyncIterator]()
    expect(String((await chunks.next()).value)).toBe('data: one\n\n')
    release?.()
    expect(String((await chunks.next()).value)).toBe('data: two\n\n')
    reader.abort()
    await expect(chunks.next()).rejects.toThrow()
    await until(async () => closed.length === 1, { what: 'the source to see its reader go' })
    await agent.destroy()
  })

  test('whose answer breaks off in the middle breaks off for its reader too', async () => {
    await expect(kit.raw(`${entry}/pipeline-service/dbops/breaks`, 'gateway')).rejects.toThrow()
  })

  test('to a service that is down says which edge failed', async () => {
    const lone = await kit.serve('ng-manager', (app, client) => registerPassThrough(app, 'ng-manager', client), {
      'scm-service': `https://127.0.0.1:${await freePort()}`,
      'dbdevops-service': `https://127.0.0.1:${await freePort()}`,
    })
    expect(
      await kit.raw(`${lone}/ng-manager/scm/x`, 'pipeline-service', { headers: { 'x-correlation-id': 'c-3' } }),
    ).toMatchObject({
      status: 503,
      body: {
        code: 'SERVICE_UNAVAILABLE',
        message: expect.stringContaining('ng-manager → scm-service'),
        correlationId: 'c-3',
      },
    })
  })
})
