import { roleGrants } from '@sluice/access'
import * as apiKeys from '@sluice/contracts/api-keys'
import * as auth from '@sluice/contracts/auth'
import * as connectors from '@sluice/contracts/connectors'
import * as instances from '@sluice/contracts/dbops-instances'
import * as requests from '@sluice/contracts/dbops-requests'
import * as schemas from '@sluice/contracts/dbops-schemas'
import * as state from '@sluice/contracts/dbops-state'
import * as delegates from '@sluice/contracts/delegates'
import { publicRoutes } from '@sluice/contracts/openapi'
import * as organizations from '@sluice/contracts/organizations'
import * as pipelines from '@sluice/contracts/pipelines'
import * as projects from '@sluice/contracts/projects'
import { ALL_ROUTES } from '@sluice/contracts/route-list'
import { publicPath, type RouteContract } from '@sluice/contracts/routes'
import * as scm from '@sluice/contracts/scm-requests'
import * as secrets from '@sluice/contracts/secrets'
import * as settings from '@sluice/contracts/settings'
import * as users from '@sluice/contracts/users'
import { z } from 'zod'
import { until } from '@sluice/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { clientWith, pathOf, send, signIn, type Answer, type ApiClient } from './system/api-client.ts'
import { createCustomerDatabase } from './system/customer.ts'
import { tablesOf } from './system/left-behind.ts'
import { connectGit, createPipeline, PROJECT, readRun, runToEnd, waitForRun } from './system/project.ts'
import { createRepository, system } from './system/system.ts'

/** Stands in everything that the first account stores; the second must never see it. */
const MARK = 'quicksilver'
/** Settings and delegates carry no mark: the first account's are told by this value, and by their ids. */
const OWN_TIMEOUT = 7_531
const PAGE = { pageIndex: 0, pageSize: 100 }
const TREE = { org: PROJECT.orgIdentifier, project: PROJECT.projectIdentifier }

/**
 * How to call a route with the ids and identifiers of the first account, and what they are to another account:
 * - `id`: made by us, unique in the system: 404 for others, always.
 * - `name`: chosen by people: 404 for others until they have something of that name, then theirs.
 * - `own`: nothing of the first account is named: others act on what is theirs.
 */
interface Sample {
  kind: 'id' | 'name' | 'own'
  params?: Record<string, string>
  query?: Record<string, string | number | boolean>
  body?: unknown
  /** Status that another account gets where it is neither 404 nor a success, and why that is right. */
  status?: { code: number; because: string }
}

const NO_SCHEMA = { code: 400, because: 'what a task is about is resolved like a reference of a step' }
const NO_CONNECTOR = { code: 400, because: 'the connector that the request names is not there' }

const ROUTES = publicRoutes(ALL_ROUTES).filter(({ route }) => route.auth !== 'public')
const INTERNAL = ALL_ROUTES.filter((route) => route.auth === 'peer')

let first: ApiClient & { accountId: string }
let second: ApiClient & { accountId: string }
let viewer: ApiClient & { accountId: string }
let samples: Record<string, Sample>
/** Ids that were made for the first account. */
let ids: string[]

function pipelineText(mark: string): string {
  return `pipeline:
  identifier: tenant_ship
  name: ship ${mark}
  orgIdentifier: default
  projectIdentifier: default_project
  stages:
    - stage:
        identifier: ship
        name: ship
        type: Custom
        spec:
          execution:
            steps:
              - stepGroup:
                  identifier: db
                  name: db
                  stepGroupInfra: { type: Process }
                  steps:
                    - step: { identifier: preview, name: preview, type: DBSchemaUpdateSQL, timeout: 2m, spec: { dbSchema: tenant_orders, dbInstance: tenant_prod } }
                    - step: { identifier: apply, name: apply, type: DBSchemaApply, timeout: 2m, spec: { dbSchema: tenant_orders, dbInstance: tenant_prod } }
`
}

const jdbcConnector = (url: string, username: string, mark: string) =>
  ({
    type: 'JDBC',
    identifier: 'tenant_db',
    name: `db ${mark}`,
    ...PROJECT,
    spec: { url, auth: { type: 'UsernamePassword', spec: { username, passwordRef: 'tenant_password' } } },
  }) as const
const secretText = (value: string, mark: string) =>
  ({
    type: 'SecretText',
    identifier: 'tenant_password',
    name: `password ${mark}`,
    ...PROJECT,
    spec: { valueType: 'Inline', value },
  }) as const
const gitConnector = (url: string, mark: string) =>
  ({
    type: 'Git',
    identifier: 'tenant_git',
    name: `git ${mark}`,
    ...PROJECT,
    spec: { url, type: 'Repo', authentication: { type: 'Anonymous' } },
  }) as const

/** Makes one of everything, under the same identifiers in whichever account. */
async function populate(
  client: ApiClient,
  mark: string,
  database: { jdbcUrl: string; username: string; password: string },
  gitUrl: string,
): Promise<void> {
  await client.call(organizations.createOrganization, {
    body: { organization: { identifier: 'tenant_org', name: `org ${mark}` } },
  })
  await client.call(projects.createProject, {
    query: { orgIdentifier: 'tenant_org' },
    body: { project: { identifier: 'tenant_project', name: `project ${mark}` } },
  })
  await client.call(secrets.createSecret, { query: PROJECT, body: { secret: secretText(database.password, mark) } })
  await client.call(connectors.createConnector, {
    query: PROJECT,
    body: { connector: jdbcConnector(database.jdbcUrl, database.username, mark) },
  })
  await client.call(connectors.createConnector, { query: PROJECT, body: { connector: gitConnector(gitUrl, mark) } })
  await client.call(schemas.createDbSchema, {
    params: TREE,
    body: {
      identifier: 'tenant_orders',
      name: `orders ${mark}`,
      type: 'Repository',
      migrationType: 'Liquibase',
      changelog: { connector: 'tenant_git', location: 'changelog.sql' },
    },
  })
  await client.call(instances.createDbInstance, {
    params: { ...TREE, schema: 'tenant_orders' },
    body: { identifier: 'tenant_prod', name: `prod ${mark}`, connector: 'tenant_db', branch: 'main' },
  })
  await client.call(delegates.createDelegateToken, {
    body: { delegateToken: { name: 'tenant-token', namePattern: `${mark}*` } },
  })
  await createPipeline(client, pipelineText(mark))
}

/** Everything that the first account can read of its own by these samples: compared before and after. */
async function readAll(client: ApiClient): Promise<Record<string, string>> {
  const read: Record<string, string> = {}
  for (const { route } of ROUTES) {
    const sample = samples[route.operationId]
    if (sample === undefined || route.method !== 'GET' || sample.kind === 'own' || route.responseType !== undefined)
      continue
    const answer = await call(client, route, sample)
    const { correlationId: _id, ...body } = Object(answer.body) as Record<string, unknown>
    read[route.operationId] = `${answer.status} ${JSON.stringify(body)}`
  }
  return read
}

async function call(
  client: Pick<ApiClient, 'headers'>,
  route: RouteContract,
  sample: Sample,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body =
    sample.body === undefined
      ? undefined
      : route.bodyType === undefined
        ? JSON.stringify(sample.body)
        : z.string().parse(sample.body)
  return send(route.method, pathOf(route, sample), {
    headers: {
      ...client.headers,
      ...headers,
      ...(body === undefined ? {} : { 'content-type': route.bodyType ?? 'application/json' }),
    },
    body,
    // Some streams go on for an hour.
    readMs: route.responseType === 'sse' ? 2_000 : undefined,
  })
}

function sampleOf(route: RouteContract): Sample {
  const sample = samples[route.operationId]
  if (sample === undefined) {
    throw new Error(`The route "${route.operationId}" is new: say in this test how another account would call it`)
  }
  return sample
}

function codeOf(answer: Answer): string {
  return String((Object(answer.body) as { code?: unknown }).code)
}

/** Nothing of the first account in an answer to the second. */
function expectNothingOfFirst(answer: Answer, sample: Sample, operationId: string): void {
  // An error may repeat what the caller has sent.
  const sent = JSON.stringify(sample)
  expect(answer.text, operationId).not.toContain(MARK)
  if (!sent.includes(String(OWN_TIMEOUT))) expect(answer.text, operationId).not.toContain(String(OWN_TIMEOUT))
  for (const id of ids.filter((candidate) => !sent.includes(candidate)))
    expect(answer.text, operationId).not.toContain(id)
}

beforeAll(async () => {
  first = await signIn(system.first)
  second = await signIn(system.second)
  const database = await createCustomerDatabase('tenant_first', `${MARK} password`)
  const repository = await createRepository('tenant-first', {
    'changelog.sql': `--liquibase formatted sql\n\n--changeset ${MARK}:one\ncreate table ${MARK} (id int);\n\n--changeset ana:two\ninsert into ${MARK} values (2);\n`,
    [`${MARK}.txt`]: MARK,
  })
  await populate(first, MARK, database, repository.url)
  await first.call(settings.updateSettings, {
    query: PROJECT,
    body: [{ updateType: 'UPDATE', identifier: 'delegate_queue_timeout_seconds', value: OWN_TIMEOUT }],
  })
  const { user } = await first.call(users.createUser, {
    body: {
      user: {
        email: 'viewer@first.example',
        name: `viewer ${MARK}`,
        password: 'a password of the viewer',
        roleAssignments: [{ role: 'viewer' }],
      },
    },
  })
  viewer = await signIn({ email: 'viewer@first.example', password: 'a password of the viewer' })
  const { apiKey } = await first.call(apiKeys.createApiKey, { body: { apiKey: { name: `key ${MARK}` } } })
  const run = await runToEnd(first, 'tenant_ship')
  expect(run.status, run.failures.join()).toBe('Success')
  const logKey = run.nodes.find((node) => node.identifier === 'apply')?.logBaseKey ?? ''
  const connectionTest = await first.call(connectors.testConnector, {
    params: { identifier: 'tenant_db' },
    query: PROJECT,
  })
  const schemaParams = { ...TREE, schema: 'tenant_orders' }
  const instanceParams = { ...schemaParams, instance: 'tenant_prod' }
  const [plan] = await first.call(state.listPlans, { params: instanceParams })
  const { content: held } = await first.call(delegates.listDelegates, { query: PAGE, body: {} })
  const looked = await first.call(requests.refreshInstance, { params: instanceParams, query: { waitSeconds: 30 } })
  expect(looked.status).toBe('SUCCESS')
  // Read through a delegate: only such a request has an id.
  await connectGit(first, 'tenant_far_git', repository.url, true)
  const repositoryOf = (connectorIdentifierRef: string) => ({ ...PROJECT, connectorIdentifierRef, waitSeconds: 30 })
  const far = await first.call(scm.listConnectorBranches, { query: repositoryOf('tenant_far_git') })
  expect(far.status).toBe('SUCCESS')
  const [session] = await first.call(auth.listSessions, {})
  ids = [
    first.accountId,
    session?.identifier ?? '',
    looked.requestId,
    far.requestId ?? '',
    far.branches?.items[0]?.commit ?? '',
    user.uuid,
    apiKey.identifier,
    run.executionId,
    logKey,
    connectionTest.testId,
    ...held.map((delegate) => delegate.identifier),
  ]

  const identifier = (name: string) => ({ identifier: name })
  samples = {
    changePassword: {
      kind: 'own',
      body: { currentPassword: 'not the password', newPassword: 'long enough to be one' },
      status: { code: 401, because: 'the current password is wrong' },
    },
    listSessions: { kind: 'own' },
    endSession: { kind: 'id', params: identifier(session?.identifier ?? '') },
    endOtherSessions: { kind: 'own' },
    getMyAccess: { kind: 'own', query: PROJECT },
    updateCurrentUser: { kind: 'own', body: { user: { name: 'x' } } },
    getCurrentAccount: { kind: 'own' },
    updateFeatureFlag: { kind: 'own', params: { name: 'DBOPS_ENABLED' }, body: { enabled: true } },
    getCurrentUser: { kind: 'own' },
    createUser: {
      kind: 'own',
      body: {
        user: {
          email: 'viewer@first.example',
          name: 'x',
          password: 'a password of another',
          roleAssignments: [{ role: 'viewer' }],
        },
      },
    },
    listUsers: { kind: 'own', query: PAGE, body: {} },
    getUser: { kind: 'id', params: { userId: user.uuid } },
    updateUser: { kind: 'id', params: { userId: user.uuid }, body: { user: { disabled: true } } },
    deleteUser: { kind: 'id', params: { userId: user.uuid } },
    createApiKey: { kind: 'own', body: { apiKey: { name: 'x' } } },
    listApiKeys: { kind: 'own', query: { ...PAGE, userId: '*' } },
    revokeApiKey: { kind: 'id', params: identifier(apiKey.identifier) },
    createOrganization: { kind: 'own', body: { organization: { identifier: 'tenant_other', name: 'x' } } },
    listOrganizations: { kind: 'own', query: PAGE },
    getOrganization: { kind: 'name', params: { orgIdentifier: 'tenant_org' } },
    updateOrganization: {
      kind: 'name',
      params: { orgIdentifier: 'tenant_org' },
      body: { organization: { name: 'taken' } },
    },
    createProject: {
      kind: 'name',
      query: { orgIdentifier: 'tenant_org' },
      body: { project: { identifier: 'tenant_more', name: 'x' } },
    },
    listProjects: { kind: 'own', query: PAGE },
    getProject: {
      kind: 'name',
      params: { projectIdentifier: 'tenant_project' },
      query: { orgIdentifier: 'tenant_org' },
    },
    updateProject: {
      kind: 'name',
      params: { projectIdentifier: 'tenant_project' },
      query: { orgIdentifier: 'tenant_org' },
      body: { project: { name: 'taken' } },
    },
    createSecret: {
      kind: 'name',
      query: { orgIdentifier: 'tenant_org', projectIdentifier: 'tenant_project' },
      body: {
        secret: {
          ...secretText('a value of another', ''),
          identifier: 'tenant_more',
          orgIdentifier: 'tenant_org',
          projectIdentifier: 'tenant_project',
        },
      },
    },
    updateSecret: {
      kind: 'name',
      params: identifier('tenant_password'),
      query: PROJECT,
      body: { secret: secretText('a value of another', 'taken') },
    },
    getSecret: { kind: 'name', params: identifier('tenant_password'), query: PROJECT },
    listSecrets: { kind: 'own', query: { ...PROJECT, ...PAGE }, body: {} },
    createConnector: {
      kind: 'name',
      query: PROJECT,
      body: { connector: { ...jdbcConnector(database.jdbcUrl, 'x', ''), identifier: 'tenant_more' } },
      status: { code: 400, because: 'the secret that the connector names is not there' },
    },
    updateConnector: {
      kind: 'name',
      query: PROJECT,
      body: { connector: jdbcConnector('jdbc:postgresql://127.0.0.1:1/x', 'x', 'taken') },
    },
    getConnector: { kind: 'name', params: identifier('tenant_db'), query: PROJECT },
    listConnectors: { kind: 'own', query: { ...PROJECT, ...PAGE }, body: {} },
    testConnector: { kind: 'name', params: identifier('tenant_db'), query: { ...PROJECT, waitSeconds: 0 } },
    getConnectionTest: { kind: 'id', params: { testId: connectionTest.testId }, query: { ...PROJECT, waitSeconds: 0 } },
    createDelegateToken: {
      kind: 'name',
      body: { delegateToken: { name: 'tenant-more', orgIdentifier: 'tenant_org' } },
      query: { orgIdentifier: 'tenant_org' },
    },
    listDelegateTokens: { kind: 'own', query: PAGE },
    revokeDelegateToken: { kind: 'name', params: { name: 'tenant-token' } },
    deleteDelegateToken: { kind: 'name', params: { name: 'tenant-token' } },
    listDelegates: { kind: 'own', query: PAGE, body: {} },
    followDelegates: { kind: 'own' },
    getDelegateInstall: { kind: 'own' },
    listSettings: { kind: 'own', query: PROJECT },
    updateSettings: {
      kind: 'own',
      query: PROJECT,
      body: [{ updateType: 'RESTORE', identifier: 'delegate_queue_timeout_seconds' }],
    },
    listAudits: { kind: 'own', query: PAGE, body: {} },
    verifyAudits: { kind: 'own' },
    getAuditFilters: { kind: 'own' },
    exportAudits: { kind: 'own' },
    createPipeline: {
      kind: 'own',
      query: PROJECT,
      body: pipelineText('x').replace('identifier: tenant_ship', 'identifier: tenant_more'),
    },
    updatePipeline: { kind: 'name', params: identifier('tenant_ship'), query: PROJECT, body: pipelineText('taken') },
    getPipeline: { kind: 'name', params: identifier('tenant_ship'), query: PROJECT },
    listPipelines: { kind: 'own', query: { ...PROJECT, ...PAGE } },
    validatePipeline: { kind: 'own', query: PROJECT, body: pipelineText('x') },
    getPipelineSchema: { kind: 'own' },
    getInputTemplate: { kind: 'name', query: { ...PROJECT, pipelineIdentifier: 'tenant_ship' } },
    executePipeline: { kind: 'name', params: identifier('tenant_ship'), query: PROJECT },
    rerunPipeline: { kind: 'id', params: { identifier: 'tenant_ship', executionId: run.executionId }, query: PROJECT },
    interruptExecution: {
      kind: 'id',
      params: { executionId: run.executionId },
      query: { ...PROJECT, interruptType: 'AbortAll' },
    },
    listExecutions: { kind: 'own', query: { ...PROJECT, ...PAGE } },
    getExecution: { kind: 'id', params: { executionId: run.executionId }, query: PROJECT },
    followExecution: { kind: 'id', params: { executionId: run.executionId }, query: PROJECT },
    followExecutions: { kind: 'own', query: PROJECT },
    streamLog: { kind: 'id', query: { key: logKey } },
    readLog: { kind: 'id', query: { key: logKey } },
    scanLog: { kind: 'id', query: { key: logKey } },
    createLogDownloadLink: { kind: 'id', query: { key: logKey } },
    listDbSchemas: { kind: 'own', params: TREE },
    createDbSchema: {
      kind: 'own',
      params: TREE,
      body: {
        identifier: 'tenant_more',
        name: 'x',
        migrationType: 'Liquibase',
        changelog: { connector: 'tenant_git', location: 'x.sql' },
      },
    },
    getDbopsOverview: { kind: 'own', params: TREE },
    getDbSchema: { kind: 'name', params: schemaParams },
    updateDbSchema: { kind: 'name', params: schemaParams, body: { name: 'taken' } },
    createDbInstance: {
      kind: 'name',
      params: schemaParams,
      body: { identifier: 'tenant_more', name: 'x', connector: 'tenant_db', branch: 'main' },
    },
    listDbInstances: { kind: 'name', params: schemaParams, body: {} },
    getDbInstance: { kind: 'name', params: instanceParams },
    updateDbInstance: { kind: 'name', params: instanceParams, body: { name: 'taken' } },
    getMigrationState: { kind: 'name', params: schemaParams, body: {} },
    getDeployedState: { kind: 'name', params: instanceParams, body: { planExecutionId: run.executionId } },
    listPlans: { kind: 'name', params: instanceParams },
    getPlan: { kind: 'id', params: { ...instanceParams, hash: plan?.hash ?? '' } },
    refreshInstance: { kind: 'name', params: instanceParams, query: { waitSeconds: 0 }, status: NO_SCHEMA },
    refreshSchema: { kind: 'name', params: schemaParams, body: {} },
    baselineInstance: {
      kind: 'name',
      params: instanceParams,
      query: { waitSeconds: 0 },
      body: { expectedCount: 1 },
      status: NO_SCHEMA,
    },
    getDatabaseRequest: {
      kind: 'id',
      params: { ...schemaParams, requestId: looked.requestId },
      query: { waitSeconds: 0 },
    },
    getChangeset: { kind: 'id', params: schemaParams, query: { fileName: 'changelog.sql', author: 'ana', id: 'two' } },
    listConnectorBranches: { kind: 'name', query: repositoryOf('tenant_git'), status: NO_CONNECTOR },
    listConnectorFiles: {
      kind: 'name',
      query: { ...repositoryOf('tenant_git'), branch: 'main' },
      status: NO_CONNECTOR,
    },
    getConnectorFile: {
      kind: 'name',
      query: { ...repositoryOf('tenant_git'), branch: 'main', filePath: 'changelog.sql' },
      status: NO_CONNECTOR,
    },
    getScmRequest: {
      kind: 'id',
      params: { requestId: far.requestId ?? '' },
      query: { ...PROJECT, waitSeconds: 0 },
    },
    // Last: they take away what the others need.
    deletePipeline: { kind: 'name', params: identifier('tenant_ship'), query: PROJECT },
    deleteDbInstance: { kind: 'name', params: instanceParams },
    deleteDbSchema: { kind: 'name', params: schemaParams },
    deleteConnector: { kind: 'name', params: identifier('tenant_db'), query: PROJECT },
    deleteSecret: { kind: 'name', params: identifier('tenant_password'), query: PROJECT },
  }
})

/** Routes in the order of the samples, those without one last: there they fail. */
const inOrder = (): RouteContract[] => {
  const order = Object.keys(samples)
  const place = (route: RouteContract) => (order.indexOf(route.operationId) + order.length + 1) % (order.length + 1)
  return ROUTES.map(({ route }) => route).toSorted((one, other) => place(one) - place(other))
}

describe('every route of the list', () => {
  test('has a sample here, and every sample a route', () => {
    expect(Object.keys(samples).toSorted()).toEqual(ROUTES.map(({ route }) => route.operationId).toSorted())
  })

  test.each(ROUTES.map(({ route }) => route.operationId))('%s asks who is there', async (operationId) => {
    const route = routeOf(operationId)
    const answer = await call(clientWith({}), route, sampleOf(route))
    expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHENTICATED'])
    const forged: Record<string, string>[] = [
      { 'x-api-key': `pat.${first.accountId}.x.y` },
      { authorization: 'Bearer nonsense' },
    ]
    for (const headers of forged) {
      expect((await call({ headers }, route, sampleOf(route))).status).toBe(401)
    }
  })

  test.each(ROUTES.map(({ route }) => route.operationId))(
    '%s knows no other account that is named',
    async (operationId) => {
      const route = routeOf(operationId)
      const answer = await call(second, route, sampleOf(route), { 'harness-account': first.accountId })
      expect([answer.status, codeOf(answer)]).toEqual([404, 'ENTITY_NOT_FOUND'])
      expectNothingOfFirst(
        answer,
        { ...sampleOf(route), params: { account: first.accountId, ...sampleOf(route).params } },
        operationId,
      )
    },
  )

  test.each(
    ROUTES.filter(({ route }) => route.permission !== undefined && !viewerHolds(route)).map(
      ({ route }) => route.operationId,
    ),
  )('%s refuses a viewer', async (operationId) => {
    const route = routeOf(operationId)
    const answer = await call(viewer, route, sampleOf(route))
    expect([answer.status, codeOf(answer)], answer.text).toEqual([403, 'ACCESS_DENIED'])
  })

  test.each(INTERNAL.map((route) => route.operationId))('%s is for services only', async (operationId) => {
    const route = ALL_ROUTES.find((candidate) => candidate.operationId === operationId)
    const path = route && publicPath(route.service, route.path)
    if (route === undefined || path === undefined) return
    const target = path.replaceAll(/:\w+/g, 'default')
    for (const headers of [first.headers, {}]) {
      const forged = {
        ...headers,
        'on-behalf-of': JSON.stringify({ accountId: first.accountId, principal: { type: 'USER', id: 'x', name: 'x' } }),
      }
      const answer = await send(route.method, target, {
        headers: { ...forged, 'content-type': 'application/json' },
        body: route.method === 'GET' ? undefined : '{}',
      })
      expect([401, 403, 404], `${answer.status} ${answer.text}`).toContain(answer.status)
      expect(['PEER_NOT_ALLOWED', 'UNAUTHENTICATED', 'ROUTE_NOT_FOUND', 'ACCESS_DENIED']).toContain(codeOf(answer))
    }
  })
})

describe('another account', () => {
  test('would see something in every list, if lists were not its own', async () => {
    for (const { route } of ROUTES.filter(({ route: candidate }) => candidate.operationId.startsWith('list'))) {
      const { text } = await call(first, route, sampleOf(route))
      const shows = [MARK, String(OWN_TIMEOUT), ...ids.slice(1)].some((mine) => text.includes(mine))
      expect(shows, `${route.operationId}: ${text.slice(0, 400)}`).toBe(true)
    }
  })

  test('that has nothing finds nothing by any name or id, and its lists show nothing', async () => {
    const before = await readAll(first)
    for (const route of inOrder()) {
      const sample = sampleOf(route)
      const answer = await call(second, route, sample)
      const told = `${route.operationId}: ${answer.status} ${answer.text.slice(0, 400)}`
      if (sample.status !== undefined) expect(answer.status, told).toBe(sample.status.code)
      else if (sample.kind === 'own') expect(answer.status, told).toBeLessThan(300)
      else expect([answer.status, codeOf(answer)], told).toEqual([404, 'ENTITY_NOT_FOUND'])
      expectNothingOfFirst(answer, sample, route.operationId)
    }
    expect(await readAll(first)).toEqual(before)
  })

  test('that has the same identifiers acts on its own things only', async () => {
    const before = await readAll(first)
    for (const [operationId, text] of Object.entries(before)) expect(text, operationId).toMatch(/^200 /)
    const database = await createCustomerDatabase('tenant_second', 'the second password')
    const repository = await createRepository('tenant-second', {
      'changelog.sql': '--liquibase formatted sql\n\n--changeset b:two\ncreate table b (id int);\n',
    })
    await populate(second, 'second', database, repository.url)
    for (const route of inOrder()) {
      const sample = sampleOf(route)
      // Made by the test before, or about to be in use: a conflict is about its own things too.
      const answer = await call(second, route, sample)
      const told = `${route.operationId}: ${answer.status} ${answer.text.slice(0, 400)}`
      if (sample.kind === 'id') expect([answer.status, codeOf(answer)], told).toEqual([404, 'ENTITY_NOT_FOUND'])
      else if (route.operationId === 'changePassword') expect(answer.status, told).toBe(401)
      else expect([200, 201, 204, 409], told).toContain(answer.status)
      expectNothingOfFirst(answer, sample, route.operationId)
    }
    expect(await readAll(first)).toEqual(before)
  })

  test('waits for a delegate of its own, and is not told of those of others', async () => {
    const { content } = await second.call(pipelines.listExecutions, { query: { ...PROJECT, ...PAGE } })
    const [execution] = content.filter((run) => run.endTs === undefined)
    const executionId = execution?.planExecutionId ?? ''
    const sentence = await until(
      async () => {
        const { nodes } = await readRun(second, executionId)
        return nodes.map((node) => node.progressData?.message ?? '').find((message) => message !== '')
      },
      { what: 'the waiting sentence' },
    )
    const own = await first.call(delegates.listDelegates, { query: PAGE, body: {} })
    expect(own.content).not.toEqual([])
    for (const delegate of own.content) {
      expect(sentence).not.toContain(delegate.identifier)
      expect(sentence).not.toContain(`"${delegate.name}"`)
    }

    await second.call(pipelines.interruptExecution, {
      params: { executionId: executionId as never },
      query: { ...PROJECT, interruptType: 'AbortAll' },
    })
    expect((await waitForRun(second, executionId, 15_000)).status).toBe('Aborted')
    expect(await tablesOf('tenant_second')).toEqual([])
  })
})

function routeOf(operationId: string): RouteContract {
  const found = ROUTES.find(({ route }) => route.operationId === operationId)
  if (found === undefined) throw new Error(`no route "${operationId}"`)
  return found.route
}

function viewerHolds(route: RouteContract): boolean {
  return route.permission !== undefined && roleGrants('viewer', route.permission)
}
