import { ALL_ROUTES } from '@sluice/contracts/route-list'
import type { Dispatcher } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { PASSWORD, startNgCore, type Answer, type TestNgCore } from './start-ng-core.ts'

/** How to call a route with input that is valid. */
interface Sample {
  path?: string
  query?: Record<string, string>
  body?: unknown
  /** What another account's administrator gets for something that only the first account has. Default: its own, if anything. */
  otherTenant?: number
}

const PROJECT = { orgIdentifier: 'default', projectIdentifier: 'default_project' }
const JDBC = {
  identifier: 'orders',
  name: 'orders',
  type: 'JDBC',
  ...PROJECT,
  spec: {
    url: 'jdbc:postgresql://db:5432/orders',
    auth: { type: 'UsernamePassword', spec: { username: 'deployer', passwordRef: 'orders_pw' } },
  },
}
const SECRET = {
  type: 'SecretText',
  identifier: 'orders_pw',
  name: 'orders password',
  ...PROJECT,
  spec: { valueType: 'Inline', value: 'sesame-open' },
}
const PAGE = { pageSize: '100' }

let core: TestNgCore
let admin: string
let nobody: string
let stranger: string
let keyId: string
let samples: Record<string, Sample>

beforeAll(async () => {
  core = await startNgCore()
  admin = await core.tokenOf('admin@first.test')
  nobody = await core.tokenWithRole(admin, 'nobody@first.test', [])
  stranger = await core.tokenOf('admin@second.test')
  const make = async (path: string, body: object, query?: Record<string, string>): Promise<Answer> => {
    const answer = await core.call('POST', path, { token: admin, body, query })
    if (answer.status !== 200) throw new Error(`${path}: ${answer.message}`)
    return answer
  }
  await make('/ng/api/v2/secrets', { secret: SECRET })
  await make('/ng/api/connectors', { connector: JDBC })
  await make('/ng/api/organizations', { organization: { identifier: 'acme', name: 'Acme' } })
  await make('/ng/api/projects', { project: { identifier: 'shop', name: 'Shop' } }, { orgIdentifier: 'acme' })
  await make('/ng/api/delegate-token-ng', { delegateToken: { name: 'only-here' } })
  const test1 = await make('/ng/api/connectors/testConnection/orders', {}, { ...PROJECT, waitSeconds: '0' })
  const key = await make('/ng/api/apikey', { apiKey: { name: 'k' } })
  keyId = z.object({ apiKey: z.object({ identifier: z.string() }) }).parse(key.data).apiKey.identifier
  const { testId } = z.object({ testId: z.string() }).parse(test1.data)

  const sessions = await core.call('GET', '/ng/api/auth/sessions', { token: admin })
  const [{ identifier: session }] = z
    .tuple([z.object({ identifier: z.string() })])
    .rest(z.unknown())
    .parse(sessions.data)

  samples = {
    changePassword: { body: { currentPassword: 'wrong', newPassword: 'long enough to be one' }, otherTenant: 401 },
    getCurrentAccount: {},
    updateFeatureFlag: { path: '/ng/api/accounts/current/feature-flags/DBOPS_ENABLED', body: { enabled: true } },
    createOrganization: { body: { organization: { identifier: 'fresh', name: 'x' } } },
    listOrganizations: { query: PAGE },
    getOrganization: { path: '/ng/api/organizations/acme', otherTenant: 404 },
    updateOrganization: { path: '/ng/api/organizations/acme', body: { organization: { name: 'y' } }, otherTenant: 404 },
    createProject: {
      query: { orgIdentifier: 'acme' },
      body: { project: { identifier: 'other', name: 'x' } },
      otherTenant: 404,
    },
    listProjects: { query: { ...PAGE, orgIdentifier: 'acme' } },
    getProject: { path: '/ng/api/projects/shop', query: { orgIdentifier: 'acme' }, otherTenant: 404 },
    updateProject: {
      path: '/ng/api/projects/shop',
      query: { orgIdentifier: 'acme' },
      body: { project: { name: 'y' } },
      otherTenant: 404,
    },
    listSessions: {},
    endSession: { path: `/ng/api/auth/sessions/${session}`, otherTenant: 404 },
    endOtherSessions: {},
    getCurrentUser: {},
    updateCurrentUser: { body: { user: { name: 'me' } } },
    getMyAccess: { query: PROJECT },
    createUser: { body: { user: { email: 'new@x.test', name: 'x', password: PASSWORD } } },
    listUsers: { query: PAGE, body: {} },
    getUser: { path: `/ng/api/user/${core.first.userId}`, otherTenant: 404 },
    updateUser: { path: `/ng/api/user/${core.first.userId}`, body: { user: { name: 'y' } }, otherTenant: 404 },
    deleteUser: { path: `/ng/api/user/${core.first.userId}`, otherTenant: 404 },
    createApiKey: { body: { apiKey: { name: 'x' } } },
    listApiKeys: { query: { userId: '*' } },
    revokeApiKey: { path: `/ng/api/apikey/${keyId}`, otherTenant: 404 },
    createSecret: {
      body: { secret: { ...SECRET, orgIdentifier: 'acme', projectIdentifier: 'shop' } },
      otherTenant: 404,
    },
    updateSecret: { path: '/ng/api/v2/secrets/orders_pw', body: { secret: SECRET }, otherTenant: 404 },
    getSecret: { path: '/ng/api/v2/secrets/orders_pw', query: PROJECT, otherTenant: 404 },
    listSecrets: { query: { ...PAGE, ...PROJECT }, body: {} },
    createConnector: { body: { connector: JDBC }, otherTenant: 400 },
    updateConnector: { body: { connector: JDBC }, otherTenant: 404 },
    getConnector: { path: '/ng/api/connectors/orders', query: PROJECT, otherTenant: 404 },
    listConnectors: { query: { ...PAGE, ...PROJECT }, body: {} },
    testConnector: {
      path: '/ng/api/connectors/testConnection/orders',
      query: { ...PROJECT, waitSeconds: '0' },
      otherTenant: 404,
    },
    getConnectionTest: {
      path: `/ng/api/connectors/testConnection/${testId}`,
      query: { ...PROJECT, waitSeconds: '0' },
      otherTenant: 404,
    },
    createDelegateToken: { body: { delegateToken: { name: 'x', orgIdentifier: 'acme' } }, otherTenant: 404 },
    listDelegateTokens: { query: PAGE },
    revokeDelegateToken: { path: '/ng/api/delegate-token-ng/only-here/revoke', otherTenant: 404 },
    deleteDelegateToken: { path: '/ng/api/delegate-token-ng/only-here', otherTenant: 404 },
    listDelegates: { query: PAGE, body: {} },
    getDelegateInstall: { query: { tokenName: 'only-here' }, otherTenant: 404 },
    followDelegates: {},
    listSettings: {},
    updateSettings: { body: [{ updateType: 'RESTORE', identifier: 'session_idle_minutes' }] },
    listAudits: { query: PAGE, body: {} },
    verifyAudits: {},
    exportAudits: {},
    getAuditFilters: {},
    // Last: they take away what the others need.
    deleteConnector: { path: '/ng/api/connectors/orders', query: PROJECT, otherTenant: 404 },
    deleteSecret: { path: '/ng/api/v2/secrets/orders_pw', query: PROJECT, otherTenant: 404 },
  }
})
afterAll(() => core?.stop())

const ROUTES = ALL_ROUTES.filter(
  (route) => route.service === 'ng-core' && route.auth !== 'public' && route.auth !== 'peer',
)

function send(operationId: string, token: string | undefined): Promise<Answer> {
  const route = ROUTES.find((candidate) => candidate.operationId === operationId)
  const sample = samples[operationId]
  if (route === undefined || sample === undefined) throw new Error(`no sample for ${operationId}`)
  const method: Dispatcher.HttpMethod = route.method
  return core.call(method, sample.path ?? route.path, { token, query: sample.query, body: sample.body })
}

describe('every route of ng-core', () => {
  test('has a sample here', () => {
    expect(Object.keys(samples).toSorted()).toEqual(ROUTES.map((route) => route.operationId).toSorted())
  })

  test.each(ROUTES.map((route) => route.operationId))('%s refuses nobody in particular', async (operationId) => {
    expect((await send(operationId, undefined)).code).toBe('UNAUTHENTICATED')
  })

  const guarded = ROUTES.filter((route) => route.permission !== undefined)
  test.each(guarded.map((route) => [route.operationId, route.permission]))(
    '%s refuses a user without roles and names %s',
    async (operationId, permission) => {
      const answer = await send(operationId ?? '', nobody)

      expect(answer.code).toBe('ACCESS_DENIED')
      expect(answer.message).toContain(permission)
    },
  )

  test.each(ROUTES.map((route) => route.operationId))(
    '%s shows an administrator of another account nothing of the first',
    async (operationId) => {
      const answer = await send(operationId, stranger)

      const { otherTenant } = samples[operationId] ?? {}
      expect(answer.status).toBe(otherTenant ?? 200)
      for (const own of [core.first.accountId, core.first.userId, keyId, 'only-here', 'admin@first.test']) {
        if (otherTenant === undefined) expect(answer.text).not.toContain(own)
      }
    },
  )
})
