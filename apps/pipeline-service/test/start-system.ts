import type { InternalClaims, Role } from '@sluice/contracts/access'
import { newId } from '@sluice/contracts/ids'
import * as pipelines from '@sluice/contracts/pipelines'
import type { RouteContract } from '@sluice/contracts/routes'
import { taskEventMessageId, type TaskEvent } from '@sluice/contracts/tasks'
import { createPool, createQueues, sendMessage, transactOn, type Queues } from '@sluice/database'
import { prepareServices } from '@sluice/database/bootstrap'
import { createIdentity, INTERNAL_AUDIENCE, signAsService } from '@sluice/service-kit'
import { cloneDatabase, makeTestCa, startTestRedis, until, type CertificateFiles } from '@sluice/testing'
import { Client, type Pool } from 'pg'
import { Agent, request } from 'undici'
import { z } from 'zod'
import { startNgManager, type NgManager, type Submission } from './ng-manager.ts'
import { startService, type ServiceProcess } from './start-service.ts'

export const PROJECT = { orgIdentifier: 'default', projectIdentifier: 'shop' }

export interface Answer {
  status: number
  /** `data` of the envelope. */
  data: unknown
  code: string
  message: string
  text: string
}

export interface CallOptions {
  token?: string
  params?: Record<string, string>
  query?: Record<string, string | number>
  body?: string
  headers?: Record<string, string>
}

export interface TestSystem {
  manager: NgManager
  /** Superuser's connection. */
  admin: Client
  redis: { port: number; stop(): Promise<void> }
  start(): Promise<ServiceProcess>
  call(service: ServiceProcess, contract: RouteContract, options?: CallOptions): Promise<Answer>
  /** Opens a stream; `text` is what has come so far. */
  stream(
    service: ServiceProcess,
    path: string,
    options: { token: string; query: Record<string, string> },
  ): Promise<{ text(): string; close(): void }>
  /** A person of an account; `roles` in the account or one project. */
  person(accountId: string, role?: Role, project?: string): Promise<string>
  /** What delegate-service says of a task. `copies`: how many messages say it. */
  tell(
    submission: Submission,
    event: TaskEvent['kind'],
    options?: { failure?: string; copies?: number; wake?: boolean; message?: string },
  ): Promise<void>
  /** Puts any message into pipeline.inbox, as delegate-service. */
  send(accountId: string, id: string, kind: string, body: Record<string, unknown>): Promise<void>
  statusOf(executionId: string): Promise<string>
  ended(executionId: string): Promise<string>
  restartRedis(): Promise<void>
  stop(): Promise<void>
}

const BY_KIND = {
  'task.assigned': () => ({ delegateId: 'dlg-1', delegateName: 'one' }),
  'task.waiting': (message: string) => ({ message }),
} as const

function eventOf(
  submission: Submission,
  kind: TaskEvent['kind'],
  options: { failure?: string; message?: string },
): Record<string, unknown> {
  const { taskId, attemptId } = submission
  if (kind === 'task.assigned') return { kind, taskId, attemptId, ...BY_KIND[kind]() }
  if (kind === 'task.waiting') return { kind, taskId, attemptId, ...BY_KIND[kind](options.message ?? 'no delegate') }
  const failure = { code: 'STATEMENT_FAILED', message: options.failure, failureTypes: ['Unknown'] }
  const result = options.failure === undefined ? { outcome: 'succeeded', outputs: {} } : { outcome: 'failed', failure }
  return {
    kind,
    taskId,
    attemptId,
    taskKind: submission.kind,
    delegateId: 'dlg-1',
    delegateName: 'one',
    result,
    large: [],
    finishedAt: Date.now(),
  }
}

/** Real Postgres, Redis and pipeline-service processes; ng-manager and delegate-service are played by their contracts. */
export async function startSystem(): Promise<TestSystem> {
  const [database, ca, firstRedis] = await Promise.all([
    cloneDatabase(prepareServices(['ng-core', 'pipeline-service'])),
    makeTestCa(),
    startTestRedis(),
  ])
  let redis = firstRedis
  const [tls, gateway, coreTls, managerTls]: CertificateFiles[] = await Promise.all(
    (['pipeline-service', 'gateway', 'ng-core', 'ng-manager'] as const).map((service) =>
      ca.serviceCertificate(service),
    ),
  )
  if (tls === undefined || gateway === undefined || coreTls === undefined || managerTls === undefined)
    throw new Error('four certificates were made')
  const manager = await startNgManager({ tls: managerTls, caFile: ca.caFile })
  const core = createIdentity({ certFile: coreTls.certFile, keyFile: coreTls.keyFile, caFile: ca.caFile })
  const admin = new Client({ connectionString: database.superuserUrl })
  await admin.connect()
  const delegates: Pool = createPool({ url: database.url('delegate-service'), applicationName: 'test' })
  let queues: Queues = createQueues({ redis: redis.url, service: 'delegate-service', onError: () => undefined })
  const agent = new Agent({ connect: { ca: ca.ca, cert: gateway.cert, key: gateway.key } })
  const running = new Set<ServiceProcess>()
  let accessVersion = 0

  const system: TestSystem = {
    manager,
    admin,
    get redis() {
      return redis
    },
    start: async () => {
      const service = await startService({
        tls,
        caFile: ca.caFile,
        databaseUrl: database.url('pipeline-service'),
        redisUrl: redis.url,
        managerUrl: manager.url,
      })
      running.add(service)
      return service
    },
    call: async (service, contract, options = {}) => {
      const path = contract.path.replaceAll(/:(\w+)/g, (_match, name: string) => options.params?.[name] ?? '')
      const query = new URLSearchParams(
        Object.entries(options.query ?? PROJECT).map(([key, value]): [string, string] => [key, String(value)]),
      )
      const response = await request(`${service.url}${path}?${query.toString()}`, {
        method: contract.method,
        headers: {
          ...(options.token === undefined ? {} : { 'x-sluice-token': options.token }),
          ...(options.body === undefined ? {} : { 'content-type': 'application/yaml' }),
          ...options.headers,
        },
        body: options.body ?? null,
        dispatcher: agent,
      })
      const text = await response.body.text()
      const body: unknown = text.startsWith('{') ? JSON.parse(text) : {}
      const { data, code, message } = z
        .object({ data: z.unknown().optional(), code: z.string().default(''), message: z.string().default('') })
        .parse(body)
      return { status: response.statusCode, data, code, message, text }
    },
    stream: async (service, path, { token, query }) => {
      const response = await request(`${service.url}${path}?${new URLSearchParams(query).toString()}`, {
        headers: { 'x-sluice-token': token },
        dispatcher: agent,
      })
      if (response.statusCode !== 200) throw new Error(await response.body.text())
      let text = ''
      response.body.setEncoding('utf8')
      response.body.on('data', (chunk: string) => {
        text += chunk
      })
      // Closing it is what a reader does.
      response.body.on('error', () => undefined)
      return { text: () => text, close: () => response.body.destroy() }
    },
    person: async (accountId, role, project) => {
      const id = newId('usr')
      await admin.query('insert into ng.account (id, name) values ($1, $1) on conflict do nothing', [accountId])
      await admin.query(
        `insert into ng.organization (account_id, identifier, name, description, tags) values ($1, 'default', 'd', '', '{}') on conflict do nothing`,
        [accountId],
      )
      for (const identifier of ['shop', 'other']) {
        await admin.query(
          `insert into ng.project (account_id, org_identifier, identifier, name, description, tags) values ($1, 'default', $2, $2, '', '{}') on conflict do nothing`,
          [accountId, identifier],
        )
      }
      await admin.query(
        `insert into ng.user_account (account_id, id, email, name, password_hash) values ($1, $2, $2, $2, '-')`,
        [accountId, id],
      )
      if (role !== undefined) {
        await admin.query(
          `insert into ng.role_assignment (account_id, id, user_id, role, org_identifier, project_identifier) values ($1, $2, $2, $3, $4, $5)`,
          [accountId, id, role, project === undefined ? null : 'default', project ?? null],
        )
      }
      accessVersion += 1
      const claims: InternalClaims = {
        accountId,
        principal: { type: 'USER', id, name: id },
        groups: [],
        accessVersion,
        featureFlags: ['DBOPS_ENABLED'],
      }
      return signAsService(core, { audience: INTERNAL_AUDIENCE, claims: { ...claims }, expiresInS: 600 })
    },
    tell: async (submission, kind, options = {}) => {
      const { accountId, taskId } = submission
      const body = eventOf(submission, kind, options)
      for (let copy = 1; copy <= (options.copies ?? 1); copy += 1) {
        const id = copy === 1 ? taskEventMessageId(taskId, kind) : `${taskEventMessageId(taskId, kind)}.${copy}`
        await transactOn(delegates)((tx) => sendMessage(tx, { to: 'pipeline.inbox', accountId, id, kind, body }))
        if (options.wake !== false) await queues.wake('pipeline.inbox', { accountId, id })
      }
    },
    send: async (accountId, id, kind, body) => {
      await transactOn(delegates)((tx) => sendMessage(tx, { to: 'pipeline.inbox', accountId, id, kind, body }))
      await queues.wake('pipeline.inbox', { accountId, id })
    },
    statusOf: async (executionId) => {
      const { rows } = await admin.query<{ status: string }>('select status from pipeline.execution where id = $1', [
        executionId,
      ])
      return rows[0]?.status ?? 'missing'
    },
    ended: (executionId) =>
      until(
        async () => {
          const { rows } = await admin.query<{ status: string }>(
            'select status from pipeline.execution where id = $1 and ended_at is not null',
            [executionId],
          )
          return rows[0]?.status
        },
        { what: `${executionId} to end`, deadlineMs: 25_000 },
      ),
    restartRedis: async () => {
      redis = await startTestRedis({ port: redis.port })
      await queues.close()
      queues = createQueues({ redis: redis.url, service: 'delegate-service', onError: () => undefined })
    },
    stop: async () => {
      for (const service of running) await service.kill()
      await queues.close()
      await agent.destroy()
      await manager.stop()
      await delegates.end()
      await admin.end()
      core.close()
      await redis.stop()
      await database.drop()
      await ca.dispose()
    },
  }
  return system
}

/** YAML of a pipeline: one stage with one group of these steps. */
export function pipelineYaml(identifier: string, steps: readonly string[] = ['apply'], timeout = '5m'): string {
  const written = steps.map(
    (step) =>
      `                    - step: { identifier: ${step}, name: ${step}, type: DBSchemaApply, timeout: ${timeout}, spec: { dbSchema: orders, dbInstance: stg } }`,
  )
  return `pipeline:
  identifier: ${identifier}
  name: ${identifier}
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
${written.join('\n')}
`
}

const Started = z.object({ planExecution: z.object({ uuid: z.string() }) })

/** Creates a pipeline with these steps and starts it; answers the execution's id. */
export async function startRun(
  system: TestSystem,
  service: ServiceProcess,
  token: string,
  yaml: { identifier: string; text: string },
): Promise<string> {
  const created = await system.call(service, pipelines.createPipeline, { token, body: yaml.text })
  if (created.status !== 201) throw new Error(created.text)
  const started = await system.call(service, pipelines.executePipeline, {
    token,
    params: { identifier: yaml.identifier },
  })
  if (started.status !== 200) throw new Error(started.text)
  return Started.parse(started.data).planExecution.uuid
}

/** Plays delegates until the run has ended: every task is taken and succeeds. */
export async function playToEnd(
  system: TestSystem,
  executionId: string,
  steps: readonly string[],
  copies = 1,
): Promise<void> {
  const init = await system.manager.submitted(executionId, 'pod.init')
  await system.tell(init, 'task.assigned', { copies })
  await system.tell(init, 'task.finished', { copies })
  for (const step of steps) {
    const execute = await system.manager.submitted(executionId, 'pod.execute', step)
    await system.tell(execute, 'task.assigned', { copies })
    await system.tell(execute, 'task.finished', { copies })
  }
  await system.tell(await system.manager.submitted(executionId, 'pod.cleanup'), 'task.finished', { copies })
}
