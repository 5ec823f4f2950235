import type { AccessBinding } from '@sluice/contracts/access'
import { AppError } from '@sluice/contracts/errors'
import { defineRoute, type RouteContract } from '@sluice/contracts/routes'
import { makeTestCa } from '@sluice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createAccessControl } from '../src/access-control.ts'
import { registerRoute } from '../src/route.ts'
import { createKit, logger, type Kit } from './kit.ts'

const base = { service: 'ng-manager', summary: '', tag: '', errors: [], family: 'bare' } as const
const Thing = z.object({ id: z.string(), count: z.number() })

const open = defineRoute({
  ...base,
  method: 'GET',
  path: '/ng-manager/open',
  operationId: 'open',
  auth: 'public',
  response: Thing,
})
const enveloped = defineRoute({
  ...open,
  path: '/ng-manager/enveloped',
  operationId: 'enveloped',
  family: 'ng',
  status: 201,
})
const empty = defineRoute({
  ...base,
  method: 'DELETE',
  path: '/ng-manager/empty',
  operationId: 'empty',
  auth: 'public',
})
const broken = defineRoute({ ...open, path: '/ng-manager/broken', operationId: 'broken' })
const strict = defineRoute({
  ...base,
  method: 'POST',
  path: '/ng-manager/strict/:id',
  operationId: 'strict',
  auth: 'public',
  params: z.object({ id: z.string().max(3) }),
  query: z.object({ page: z.coerce.number().int() }),
  body: z.object({ name: z.string(), size: z.number() }),
  response: Thing,
})
const mine = defineRoute({
  ...base,
  method: 'GET',
  path: '/ng-manager/mine',
  operationId: 'mine',
  auth: 'principal',
  response: z.object({ who: z.string() }),
})
const guarded = defineRoute({
  ...base,
  method: 'GET',
  path: '/ng-manager/guarded/:org/:project',
  operationId: 'guarded',
  auth: 'permission',
  permission: 'core_pipeline_edit',
  params: z.object({ org: z.string(), project: z.string() }),
  response: z.object({ ok: z.boolean() }),
})
const neighbour = defineRoute({
  ...base,
  method: 'POST',
  path: '/ng-manager/neighbour',
  operationId: 'neighbour',
  auth: 'peer',
  response: z.object({ peer: z.string(), actor: z.string() }),
})

/** Editor in one project, and nowhere else. */
const BINDINGS: AccessBinding[] = [
  {
    accountId: 'acc-1',
    principalType: 'USER',
    principalId: 'usr-1',
    role: 'editor',
    orgIdentifier: 'o',
    projectIdentifier: 'p',
  },
]

let kit: Kit
let url: string

beforeAll(async () => {
  kit = await createKit()
  const access = createAccessControl({
    loadBindings: async (accountId) => BINDINGS.filter((row) => row.accountId === accountId),
  })
  const common = { service: 'ng-manager', verifier: kit.verifier, access, logger } as const
  url = await kit.serve('ng-manager', (app) => {
    const thing = { id: 'a', count: 1, passwordHash: 'never shown' }
    registerRoute(app, open, { ...common, handler: () => thing })
    registerRoute(app, enveloped, { ...common, handler: () => thing })
    registerRoute(app, empty, { ...common, handler: () => undefined })
    registerRoute(app, broken, {
      ...common,
      handler: () => {
        throw new Error('connection to 10.0.0.1 with password hunter2 failed')
      },
    })
    registerRoute(app, strict, { ...common, handler: ({ params, body }) => ({ id: params.id, count: body.size }) })
    registerRoute(app, mine, { ...common, handler: ({ actor }) => ({ who: actor.principal.name }) })
    registerRoute(app, guarded, { ...common, handler: () => ({ ok: true }) })
    registerRoute(app, neighbour, {
      ...common,
      handler: ({ actor, request }) => ({ peer: request.peer ?? '', actor: actor.principal.name }),
    })
  })
})
afterAll(() => kit.stop())

const call = (contract: RouteContract, options: Parameters<Kit['raw']>[2] & { path?: string } = {}) =>
  kit.raw(`${url}${options.path ?? contract.path}`, 'pipeline-service', { method: contract.method, ...options })

describe('a connection', () => {
  test('of the peer that the table names is served', async () => {
    expect(await call(open)).toMatchObject({ status: 200 })
  })

  test.each(['gateway', 'dbdevops-service', 'ng-manager', 'delegate-service'] as const)(
    'of %s, which has no edge, is refused at every path',
    async (peer) => {
      for (const path of [open.path, '/ng-manager/not-there']) {
        expect(await kit.raw(`${url}${path}`, peer)).toMatchObject({ status: 403, body: { code: 'PEER_NOT_ALLOWED' } })
      }
    },
  )

  test('with a certificate of the authority that names no service is refused', async () => {
    const nobody = await kit.ca.certificateFor({ dns: ['localhost'], uris: ['sluice://service/pipeline-service.evil'] })
    expect(await kit.raw(`${url}${open.path}`, nobody)).toMatchObject({
      status: 403,
      body: { code: 'PEER_NOT_ALLOWED' },
    })
  })

  test('without a certificate, or with one of another authority, does not come about', async () => {
    const other = await makeTestCa()
    try {
      await expect(kit.raw(`${url}${open.path}`, undefined)).rejects.toThrow()
      await expect(kit.raw(`${url}${open.path}`, await other.serviceCertificate('pipeline-service'))).rejects.toThrow()
    } finally {
      await other.dispose()
    }
  })
})

describe('an answer', () => {
  test('holds only what the contract declares', async () => {
    expect((await call(open)).body).toEqual({ id: 'a', count: 1 })
  })

  test('is wrapped where the family says so, with the status of the contract', async () => {
    const answer = await call(enveloped, { headers: { 'x-correlation-id': 'my-id.1' } })
    expect(answer).toMatchObject({ status: 201, headers: { 'x-correlation-id': 'my-id.1' } })
    expect(answer.body).toEqual({
      status: 'SUCCESS',
      data: { id: 'a', count: 1 },
      metaData: null,
      correlationId: 'my-id.1',
    })
    expect(await call(empty)).toMatchObject({ status: 204, body: undefined })
  })

  test('to a strange correlation id has one of ours', async () => {
    const { headers } = await call(open, { headers: { 'x-correlation-id': 'a b"c' } })
    expect(headers['x-correlation-id']).toMatch(/^req-/)
  })

  test('to an error of ours tells nothing of it', async () => {
    const { status, body } = await call(broken)
    expect([status, body]).toEqual([500, expect.objectContaining({ code: 'INTERNAL' })])
    expect(JSON.stringify(body)).not.toContain('hunter2')
  })
})

describe('input', () => {
  const json = { 'content-type': 'application/json' }

  test('that is wrong in every part is told with all problems at once', async () => {
    const { status, body } = await call(strict, {
      path: '/ng-manager/strict/toolong?page=x',
      headers: json,
      body: '{"size":"1"}',
    })
    expect(status).toBe(400)
    expect(body).toMatchObject({ status: 'FAILURE', code: 'INVALID_REQUEST' })
    const { details } = z.object({ details: z.array(z.object({ path: z.string(), message: z.string() })) }).parse(body)
    expect(details.map((problem) => problem.path).toSorted()).toEqual([
      'body.name',
      'body.size',
      'path.id',
      'query.page',
    ])
  })

  test('that is right reaches the handler parsed', async () => {
    const answer = await call(strict, {
      path: '/ng-manager/strict/abc?page=1',
      headers: json,
      body: '{"name":"n","size":2}',
    })
    expect(answer).toMatchObject({ status: 200, body: { id: 'abc', count: 2 } })
  })

  test.each([
    ['is no JSON', json, '{"a"', 400, 'INVALID_REQUEST'],
    ['poisons a prototype', json, '{"__proto__":{"admin":true}}', 400, 'INVALID_REQUEST'],
    ['is absent', json, '', 400, 'INVALID_REQUEST'],
    ['is too large', json, `"${'x'.repeat(1_048_577)}"`, 413, 'BODY_TOO_LARGE'],
    ['has another type', { 'content-type': 'text/csv' }, 'a,b', 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ])('that %s is refused by name', async (_what, headers, body, status, code) => {
    expect(await call(strict, { path: '/ng-manager/strict/abc?page=1', headers, body })).toMatchObject({
      status,
      body: { code },
    })
  })

  test('at a route that is not there is told so', async () => {
    expect(await call(open, { path: '/ng-manager/nowhere' })).toMatchObject({
      status: 404,
      body: { code: 'ROUTE_NOT_FOUND' },
    })
  })
})

describe('a route', () => {
  const onBehalfOf = (accountId: string, id = 'usr-1') => ({
    'on-behalf-of': JSON.stringify({ accountId, principal: { type: 'USER', id, name: 'Ana' } }),
  })

  test('for principals asks who is there, and takes a token or a named peer that speaks for somebody', async () => {
    expect(await call(mine)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } })
    expect(await call(mine, { headers: { 'x-sluice-token': 'nonsense' } })).toMatchObject({
      status: 401,
      body: { code: 'INVALID_TOKEN' },
    })
    expect(await call(mine, { headers: { 'x-sluice-token': await kit.token() } })).toMatchObject({
      status: 200,
      body: { who: 'Ana' },
    })
    expect(await call(mine, { headers: onBehalfOf('acc-1') })).toMatchObject({ status: 200, body: { who: 'Ana' } })
    expect(await call(mine, { headers: { 'on-behalf-of': '{' } })).toMatchObject({
      status: 401,
      body: { code: 'INVALID_TOKEN' },
    })
  })

  test('refuses background work of somebody who is no longer active', async () => {
    expect(await call(mine, { headers: onBehalfOf('acc-1', 'usr-gone') })).toMatchObject({
      status: 403,
      body: { code: 'ACCESS_DENIED' },
    })
    expect(await call(mine, { headers: onBehalfOf('acc-2') })).toMatchObject({
      status: 403,
      body: { code: 'ACCESS_DENIED' },
    })
  })

  test('with a permission asks for it in the scope of the path', async () => {
    const headers = { 'x-sluice-token': await kit.token() }
    expect(await call(guarded, { path: '/ng-manager/guarded/o/p', headers })).toMatchObject({ status: 200 })
    const denied = await call(guarded, { path: '/ng-manager/guarded/o/other', headers })
    expect(denied).toMatchObject({
      status: 403,
      body: { code: 'ACCESS_DENIED', details: { permission: 'core_pipeline_edit' } },
    })
    expect(JSON.stringify(denied.body)).toContain('o/other')
  })

  test('for peers serves the peer, and never an end user who comes the same way', async () => {
    const refused = { status: 403, body: { code: 'PEER_NOT_ALLOWED' } }
    expect(await call(neighbour, { headers: onBehalfOf('acc-1') })).toMatchObject({
      status: 200,
      body: { peer: 'pipeline-service', actor: 'Ana' },
    })
    expect(await call(neighbour, { headers: { 'x-sluice-token': await kit.token() } })).toMatchObject(refused)
    expect(
      await call(neighbour, { headers: { ...onBehalfOf('acc-1'), 'x-sluice-forwarded-by': 'pipeline-service' } }),
    ).toMatchObject(refused)
    expect(await call(neighbour, { headers: { 'x-sluice-forwarded-by': 'gateway' } })).toMatchObject(refused)
  })
})

test('speaking for others is for the peers that the design names', async () => {
  const core = await kit.serve('ng-core', (app) => {
    const contract = { ...mine, service: 'ng-core', path: '/ng/mine' } as const
    registerRoute(app, contract, {
      service: 'ng-core',
      verifier: kit.verifier,
      logger,
      handler: ({ actor }) => ({ who: actor.principal.name }),
    })
  })
  const headers = {
    'on-behalf-of': JSON.stringify({ accountId: 'acc-1', principal: { type: 'USER', id: 'usr-1', name: 'Ana' } }),
  }
  expect(await kit.raw(`${core}/ng/mine`, 'gateway', { headers })).toMatchObject({
    status: 403,
    body: { code: 'PEER_NOT_ALLOWED' },
  })
})

test('an error with a code keeps its code, status, sentence and details', async () => {
  const failing = await kit.serve('ng-manager', (app) => {
    registerRoute(app, open, {
      service: 'ng-manager',
      logger,
      handler: () => {
        throw new AppError('VERSION_CONFLICT', 'Read it again.', {
          details: { version: 2 },
          context: { secret: 'private' },
        })
      },
    })
  })
  const answer = await kit.raw(`${failing}${open.path}`, 'pipeline-service')
  expect(answer).toMatchObject({
    status: 409,
    body: { code: 'VERSION_CONFLICT', message: 'Read it again.', details: { version: 2 } },
  })
  expect(JSON.stringify(answer.body)).not.toContain('private')
})
