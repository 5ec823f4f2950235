import { createHash } from 'node:crypto'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { InternalClaims, Role } from '@sluice/contracts/access'
import { createDbInstance, createDbSchema, type DbInstanceIn } from '@sluice/contracts/dbops'
import { newId, type Scope } from '@sluice/contracts/ids'
import type { ServiceName } from '@sluice/contracts/network'
import type { AttemptContext, SubmitStep } from '@sluice/contracts/steps'
import { SubmitTask, taskEventMessageId, type TaskEvent, type TaskOutputRef } from '@sluice/contracts/tasks'
import { createQueues } from '@sluice/database'
import { prepareServices } from '@sluice/database/bootstrap'
import {
  createIdentity,
  createLogger,
  createServiceClient,
  INTERNAL_AUDIENCE,
  signAsService,
  type Actor,
  type ServiceClient,
  type ServiceIdentity,
} from '@sluice/service-kit'
import {
  cloneDatabase,
  freePort,
  makeTestCa,
  startTestRedis,
  until,
  type ClonedDatabase,
  type TestCa,
} from '@sluice/testing'
import { Client } from 'pg'
import { buildApp } from '../src/app.ts'
import { createDeps, type Deps } from '../src/deps.ts'
import { createNgmInbox } from '../src/workers/ngm-inbox.ts'

export const LOG_SERVICE_URL = 'https://logs.test:8466'

export interface Running {
  url: string
  deps: Deps
  database: ClonedDatabase
  /** Superuser's connection: the test looks into every schema. */
  admin: Client
  /** A client with pipeline-service's certificate, the only peer that the table lets in. */
  client: ServiceClient
  /** Identity of pipeline-service; it verifies what ng-manager signs. */
  identity: ServiceIdentity
  redisUrl: string
  ca: TestCa
  person(accountId: string, role: Role, project?: Scope): Promise<Actor>
  /** Calls dbdevops-service as ng-manager hands people's requests on. */
  dbops: ServiceClient
  endDbdevops(): Promise<void>
  stop(): Promise<void>
}

/** The same person without a token, as pipeline-service speaks for them. */
export function onBehalfOf(actor: Actor): Actor {
  const { token: _token, ...rest } = actor
  return { ...rest, source: 'on-behalf-of', accessVersion: -1 }
}

/**
 * ng-manager in this process, dbdevops-service as a process of its own, a real Postgres and Redis.
 * @param options scm: scm-service as a process, too; else nobody listens there
 */
export async function startNgManager(options: { scm?: boolean } = {}): Promise<Running> {
  const [database, ca, redis] = await Promise.all([
    cloneDatabase(prepareServices(['ng-core', 'delegate-service', 'dbdevops-service', 'scm-service', 'ng-manager'])),
    makeTestCa(),
    startTestRedis(),
  ])
  const tlsOf = async (service: ServiceName) => {
    const { certFile, keyFile } = await ca.serviceCertificate(service)
    return { certFile, keyFile, caFile: ca.caFile }
  }
  const services: ServiceName[] = options.scm === true ? ['dbdevops-service', 'scm-service'] : ['dbdevops-service']
  const settings: { service: ServiceName; spawn: SpawnOptions }[] = []
  for (const service of services) {
    const spawnOptions = {
      databaseUrl: database.url(service),
      tls: await tlsOf(service),
      SLUICE_SCM_ALLOWED_HOSTS: 'localhost',
      SLUICE_SCM_CA_FILE: ca.caFile,
    }
    settings.push({ service, spawn: spawnOptions })
  }
  const processes = await Promise.all(settings.map(({ service, spawn: of }) => spawnService(service, of)))
  const [dbdevops, scm] = processes
  if (dbdevops === undefined) throw new Error('dbdevops-service was started')
  const destinations = {
    'dbdevops-service': dbdevops.url,
    'scm-service': scm?.url ?? `https://127.0.0.1:${await freePort()}`,
  }
  const managerTls = await tlsOf('ng-manager')
  const deps = createDeps({
    service: 'ng-manager',
    http: { host: '127.0.0.1', port: 0 },
    health: { host: '127.0.0.1', port: 0 },
    tls: managerTls,
    databaseUrl: database.url('ng-manager'),
    redisUrl: redis.url,
    logServicePublicUrl: LOG_SERVICE_URL,
    destinations,
    logLevel: 'silent',
  })
  await deps.requests.start()
  const inbox = createNgmInbox(deps)
  await inbox.start()
  const app = await buildApp(deps)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const logger = createLogger({ service: 'pipeline-service', logLevel: 'silent' })
  const identity = createIdentity(await tlsOf('pipeline-service'))
  const core = createIdentity(await tlsOf('ng-core'))
  const client = createServiceClient({
    config: { service: 'pipeline-service', destinations: { 'ng-manager': url } },
    identity,
    logger,
  })
  const admin = new Client({ connectionString: database.superuserUrl })
  await admin.connect()
  let accessVersion = 0
  return {
    url,
    deps,
    database,
    admin,
    client,
    identity,
    redisUrl: redis.url,
    ca,
    dbops: deps.client,
    endDbdevops: dbdevops.stop,
    person: async (accountId, role, project) => {
      const id = `usr-${newId('usr').slice(-8)}`
      await makeProject(admin, accountId)
      await admin.query(
        `insert into ng.user_account (account_id, id, email, name, password_hash) values ($1, $2, $2, $2, '-')`,
        [accountId, id],
      )
      await admin.query(
        `insert into ng.role_assignment (account_id, id, user_id, role, org_identifier, project_identifier)
         values ($1, $2, $2, $3, $4, $5)`,
        [accountId, id, role, project?.orgIdentifier ?? null, project?.projectIdentifier ?? null],
      )
      const claims: InternalClaims = {
        accountId,
        principal: { type: 'USER', id, name: id },
        groups: [],
        accessVersion: (accessVersion += 1),
        featureFlags: ['DBOPS_ENABLED'],
      }
      const token = await signAsService(core, { audience: INTERNAL_AUDIENCE, claims: { ...claims }, expiresInS: 600 })
      return { ...claims, correlationId: 'test', source: 'token', token }
    },
    stop: async () => {
      await client.close()
      await app.close()
      await inbox.stop()
      await deps.close()
      for (const running of processes) await running.stop()
      identity.close()
      core.close()
      await admin.end()
      await redis.stop()
      await database.drop()
      await ca.dispose()
    },
  }
}

async function makeProject(admin: Client, accountId: string): Promise<void> {
  await admin.query('insert into ng.account (id, name) values ($1, $1) on conflict do nothing', [accountId])
  await admin.query(
    `insert into ng.organization (account_id, identifier, name, description, tags) values ($1, 'default', 'd', '', '{}') on conflict do nothing`,
    [accountId],
  )
  await admin.query(
    `insert into ng.project (account_id, org_identifier, identifier, name, description, tags)
     values ($1, 'default', 'shop', 'Shop', '', '{}') on conflict do nothing`,
    [accountId],
  )
}

interface SpawnOptions extends Record<string, unknown> {
  databaseUrl: string
  tls: { certFile: string; keyFile: string; caFile: string }
}

async function spawnService(service: ServiceName, { databaseUrl, tls, ...more }: SpawnOptions) {
  const [port, healthPort] = [await freePort(), await freePort()]
  const main = fileURLToPath(new URL(`../../${service}/src/main.ts`, import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      NODE_NO_WARNINGS: '1',
      SLUICE_HTTP_PORT: String(port),
      SLUICE_HEALTH_PORT: String(healthPort),
      SLUICE_TLS_CERT_FILE: tls.certFile,
      SLUICE_TLS_KEY_FILE: tls.keyFile,
      SLUICE_CA_FILE: tls.caFile,
      SLUICE_DATABASE_URL: databaseUrl,
      SLUICE_LOG_LEVEL: 'error',
      ...Object.fromEntries(Object.entries(more).map(([name, value]) => [name, String(value)])),
    },
  })
  const ended = once(child, 'exit')
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  const ready = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`${service} ended with code ${child.exitCode}: ${output}`)
    return isReady(healthPort)
  }
  try {
    await until(ready, { what: `${service} to be ready`, deadlineMs: 30_000, everyMs: 100 })
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `https://127.0.0.1:${port}`, stop }
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({ port, path: '/readyz', agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    outgoing.on('error', () => resolve(false))
    outgoing.end()
  })
}

export const project = { org: 'default', project: 'shop' }
const PROJECT_SCOPE = { org: 'default', project: 'shop' }

interface Place {
  org: string | null
  project: string | null
}
export const ACCOUNT: Place = { org: null, project: null }

export async function makeSecret(admin: Client, accountId: string, identifier: string, place: Place): Promise<string> {
  const id = newId('sec')
  await admin.query(
    `insert into ng.secret (account_id, id, org_identifier, project_identifier, identifier, name, description, tags, type,
                            connectors_only, current_version)
     values ($1, $2, $3, $4, $5, $5, '', '{}', 'SecretText', true, 3)`,
    [accountId, id, place.org, place.project, identifier],
  )
  return id
}

export async function makeConnector(
  admin: Client,
  accountId: string,
  connector: { identifier: string; type: string; spec: unknown },
  place: Place,
): Promise<void> {
  await admin.query(
    `insert into ng.connector (account_id, id, org_identifier, project_identifier, identifier, name, description, tags, type, spec)
     values ($1, $2, $3, $4, $5, $5, '', '{}', $6, $7)`,
    [
      accountId,
      newId('cnr'),
      place.org,
      place.project,
      connector.identifier,
      connector.type,
      JSON.stringify(connector.spec),
    ],
  )
}

export const jdbcSpec = {
  url: 'jdbc:postgresql://db.test:5432/orders',
  auth: { type: 'UsernamePassword', spec: { username: 'deployer', passwordRef: 'orders_pw' } },
  delegateSelectors: ['stg'],
}

export const gitSpec = {
  url: 'https://git.test/acme',
  type: 'Account',
  authentication: { type: 'Http', spec: { type: 'UsernameToken', spec: { username: 'bot', tokenRef: 'git_token' } } },
  delegateSelectors: ['git', 'stg'],
  executeOnDelegate: true,
}

export function newAccountId(): string {
  return `acc-${newId('acc').slice(-10)}`
}

export interface Fixture {
  accountId: string
  /** An editor of the whole account, speaking through pipeline-service. */
  runner: Actor
  /** The same with a token. */
  editor: Actor
  databaseSecretId: string
  gitSecretId: string
}

/**
 * An account with secrets, connectors, the schema `orders` and its instance `stg`: the JDBC connector and its secret
 * in the project, git above in the account.
 */
export async function makeFixture(
  running: Running,
  instance: Partial<DbInstanceIn> = {},
  accountId: string = newAccountId(),
): Promise<Fixture> {
  const editor = await running.person(accountId, 'editor')
  const { admin } = running
  const databaseSecretId = await makeSecret(admin, accountId, 'orders_pw', PROJECT_SCOPE)
  const gitSecretId = await makeSecret(admin, accountId, 'git_token', ACCOUNT)
  await makeConnector(admin, accountId, { identifier: 'orders_jdbc', type: 'JDBC', spec: jdbcSpec }, PROJECT_SCOPE)
  await makeConnector(admin, accountId, { identifier: 'github', type: 'Github', spec: gitSpec }, ACCOUNT)
  await running.dbops.call(
    createDbSchema,
    {
      params: project,
      body: {
        identifier: 'orders',
        name: 'Orders',
        migrationType: 'Liquibase',
        changelog: { connector: 'account.github', repo: 'shop-db', location: 'db/changelog.yaml' },
      },
    },
    { actor: editor },
  )
  await running.dbops.call(
    createDbInstance,
    {
      params: { ...project, schema: 'orders' },
      body: { identifier: 'stg', name: 'Staging', connector: 'orders_jdbc', branch: 'main', ...instance },
    },
    { actor: editor },
  )
  return { accountId, runner: onBehalfOf(editor), editor, databaseSecretId, gitSecretId }
}

export function attempt(accountId: string, more: Partial<AttemptContext> = {}): AttemptContext {
  const nodeExecutionId = newId('nod')
  const executionId = more.executionId ?? newId('pex')
  return {
    scope: { accountId, orgIdentifier: 'default', projectIdentifier: 'shop' },
    pipelineIdentifier: 'ship',
    executionId,
    nodeExecutionId,
    attempt: 1,
    attemptId: `${nodeExecutionId}-1`,
    logKey: `${accountId}/${executionId}/${nodeExecutionId}/1`,
    podId: `pod-${nodeExecutionId.slice(4)}`,
    selectors: [{ selector: 'linux', origin: 'step' }],
    timeoutMs: 600_000,
    ...more,
  }
}

const step = { identifier: 'run', dbSchema: 'orders', dbInstance: 'stg' }

export function previewOf(context: AttemptContext, more: Partial<typeof step> = {}): SubmitStep {
  return { kind: 'pod.execute', context, delegateId: 'dlg-1', step: { ...step, type: 'DBSchemaUpdateSQL', ...more } }
}

export function applyOf(context: AttemptContext, more: { planHash?: string; tag?: string } = {}): SubmitStep {
  return { kind: 'pod.execute', context, delegateId: 'dlg-1', step: { ...step, type: 'DBSchemaApply', ...more } }
}

/** Messages of an account that wait in delegate-service's inbox. */
export async function delegateInbox(
  running: Running,
  accountId: string,
): Promise<{ id: string; kind: string; sender: string; body: Record<string, unknown> }[]> {
  const { rows } = await running.admin.query(
    'select id, kind, sender, body from delegate.inbox where account_id = $1 order by created_at',
    [accountId],
  )
  return rows
}

/** The only task of an account. */
export async function onlyTask(running: Running, accountId: string): Promise<SubmitTask> {
  const rows = await delegateInbox(running, accountId)
  if (rows.length !== 1) throw new Error(`${rows.length} messages instead of one`)
  return SubmitTask.parse(rows[0]?.body)
}

/** Writes an output as delegate-service does: chunks, then the reference in the message. */
export async function putOutput(
  running: Running,
  accountId: string,
  name: TaskOutputRef['name'],
  value: unknown,
): Promise<TaskOutputRef> {
  const bytes = Buffer.from(JSON.stringify(value))
  const outputId = newId('out')
  const chunk = Math.ceil(bytes.length / 3)
  for (const index of [2, 0, 1]) {
    await running.admin.query(
      `insert into delegate.task_output (account_id, output_id, chunk_index, task_id, name, bytes) values ($1, $2, $3, 'tsk-x', $4, $5)`,
      [accountId, outputId, index, name, bytes.subarray(index * chunk, (index + 1) * chunk)],
    )
  }
  return { name, outputId, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Tells ng-manager what became of a task, as delegate-service does. */
export async function tellNgManager(running: Running, accountId: string, event: TaskEvent): Promise<void> {
  const id = taskEventMessageId(event.taskId, event.kind)
  const sender = new Client({ connectionString: running.database.url('delegate-service') })
  await sender.connect()
  try {
    await sender.query('insert into ngm.inbox (account_id, id, kind, body) values ($1, $2, $3, $4)', [
      accountId,
      id,
      event.kind,
      JSON.stringify(event),
    ])
  } finally {
    await sender.end()
  }
  const queues = createQueues({ redis: running.redisUrl, service: 'delegate-service', onError: () => undefined })
  await queues.wake('ngm.inbox', { accountId, id })
  await queues.close()
}
