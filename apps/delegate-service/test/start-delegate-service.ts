import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PresenceNotice } from '@sluice/contracts/delegates'
import { scopeKey, newId, type Scope } from '@sluice/contracts/ids'
import { SubmitTask, TASK_EVENT_KINDS, TaskEvent } from '@sluice/contracts/tasks'
import { createQueues, sendMessage, transactOn, createPool, channelName, createRedis } from '@sluice/database'
import { prepareServices, redisAcl } from '@sluice/database/bootstrap'
import { mintDelegateToken } from '@sluice/delegate-protocol'
import { SERVICE_NAMES } from '@sluice/contracts/network'
import { encryptSecret } from '@sluice/secrets/envelope'
import { LocalKeyFileProvider } from '@sluice/secrets/local-key-file'
import { createIdentity, signTask } from '@sluice/service-kit'
import { cloneDatabase, makeTestCa, startTestRedis, until } from '@sluice/testing'
import { Client } from 'pg'
import { buildApp } from '../src/app.ts'
import { createDeps, type Deps, type ServiceTiming } from '../src/deps.ts'
import { startWorkers } from '../src/workers/start-workers.ts'

/** Short enough for tests, long enough for two busy cores. */
export const TIMING: Partial<ServiceTiming> = {
  protocol: { heartbeatIntervalMs: 200, missedHeartbeats: 6, leaseMs: 2_000, acceptWithinMs: 1_000 },
  watchEveryMs: 100,
  presenceEveryMs: 150,
  offerStaleMs: 2_000,
  connectionStaleMs: 3_000,
  stopGraceMs: 500,
}

export interface Replica {
  deps: Deps
  url: string
  /** Ends it as SIGTERM does; `drainMs` 0 cuts the sockets. */
  stop(drainMs?: number): Promise<void>
}

export interface World {
  admin: Client
  caPem: string
  folder: string
  kek: LocalKeyFileProvider
  /** `socketsOnly`: it holds sockets and consumes no inbox. */
  start(timing?: Partial<ServiceTiming>, options?: { socketsOnly?: boolean }): Promise<Replica>
  /** Sends to delegate.inbox with ng-manager's own role and Redis user. */
  send(accountId: string, id: string, kind: 'task.submit' | 'task.cancel', body: Record<string, unknown>): Promise<void>
  /** Signs a task as the service that asks for such tasks does. */
  sign(task: SubmitTask): Promise<SubmitTask>
  /** Follows, as ng-core's Redis user, which delegates of an account changed. */
  watchPresence(accountId: string): Promise<string[]>
  publish(channel: 'ng.revocation', accountId: string, message: object): Promise<void>
  stop(): Promise<void>
}

/** Postgres with ng-core's and delegate-service's schemas, a Redis with the ACL of production, a CA, a key file. */
export async function startWorld(): Promise<World> {
  const passwords = Object.fromEntries(SERVICE_NAMES.map((name) => [name, `pw-${name}`]))
  const [database, redis, ca, folder] = await Promise.all([
    cloneDatabase(prepareServices(['ng-core', 'pipeline-service', 'delegate-service', 'ng-manager'])),
    startTestRedis({ acl: redisAcl({ passwords, adminPassword: 'admin' }) }),
    makeTestCa(),
    mkdtemp(join(tmpdir(), 'sluice-delegate-service-')),
  ])
  const redisUrl = (user: string) => redis.urlFor(user, `pw-${user}`)
  const kekFile = join(folder, 'kek.json')
  const kek = await LocalKeyFileProvider.open(kekFile)
  const { certFile, keyFile } = await ca.serviceCertificate('delegate-service')
  const admin = new Client({ connectionString: database.superuserUrl })
  await admin.connect()
  const manager = createPool({ url: database.url('ng-manager'), applicationName: 'test' })
  const queues = createQueues({ redis: redisUrl('ng-manager'), service: 'ng-manager', onError: () => undefined })
  const core = createRedis({ url: redisUrl('ng-core'), onError: () => undefined })
  const identityOf = async (service: 'ng-manager' | 'ng-core') =>
    createIdentity({ ...(await ca.serviceCertificate(service)), caFile: ca.caFile })
  const [managerIdentity, coreIdentity] = await Promise.all([identityOf('ng-manager'), identityOf('ng-core')])
  const replicas = new Set<Replica>()
  const subscribers: ReturnType<typeof createRedis>[] = []
  return {
    admin,
    caPem: ca.ca,
    folder,
    kek,
    start: async (timing = {}, options = {}) => {
      const deps = await createDeps(
        {
          service: 'delegate-service',
          http: { host: '127.0.0.1', port: 0 },
          publicHttp: { host: '127.0.0.1', port: 0, certFile, keyFile },
          health: { host: '127.0.0.1', port: 0 },
          tls: { certFile, keyFile, caFile: ca.caFile },
          databaseUrl: database.url('delegate-service'),
          redisUrl: redisUrl('delegate-service'),
          destinations: {},
          kekFile,
          logLevel: process.env['TEST_LOG'] === '1' ? 'debug' : 'silent',
        },
        { ...TIMING, ...timing },
      )
      const app = await buildApp(deps)
      const workers = options.socketsOnly === true ? await holdSockets(deps) : await startWorkers(deps)
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      const replica: Replica = {
        deps,
        url,
        stop: async (drainMs = 0) => {
          if (!replicas.delete(replica)) return
          if (drainMs > 0) await deps.hub.drain('the service restarts', drainMs)
          await app.close()
          await workers.stop()
          await deps.close()
        },
      }
      replicas.add(replica)
      return replica
    },
    send: async (accountId, id, kind, body) => {
      await transactOn(manager)((tx) => sendMessage(tx, { to: 'delegate.inbox', accountId, id, kind, body }))
      await queues.wake('delegate.inbox', { accountId, id })
    },
    sign: async (task) => {
      const identity = task.task.kind === 'connection.test' ? coreIdentity : managerIdentity
      return { ...task, signatures: [await signTask(identity, { ...task, lifetimeMs: 600_000 })] }
    },
    watchPresence: async (accountId) => {
      const seen: string[] = []
      const url = redisUrl('ng-core')
      const subscriber = createRedis({ url, role: 'subscriber', onError: () => undefined })
      subscribers.push(subscriber)
      subscriber.on('message', (_channel: string, text: string) =>
        seen.push(PresenceNotice.parse(JSON.parse(text)).delegateId),
      )
      await subscriber.subscribe(channelName('delegate.presence', accountId))
      return seen
    },
    publish: async (channel, accountId, message) => {
      await core.publish(channelName(channel, accountId), JSON.stringify(message))
    },
    stop: async () => {
      await Promise.all([...replicas].map((replica) => replica.stop()))
      managerIdentity.close()
      coreIdentity.close()
      await queues.close()
      core.disconnect()
      for (const subscriber of subscribers) subscriber.disconnect()
      await manager.end()
      await admin.end()
      await redis.stop()
      await database.drop()
      await ca.dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function holdSockets(deps: Deps): Promise<{ stop(): Promise<void> }> {
  await deps.hub.start(() => undefined)
  return { stop: async () => deps.hub.stop() }
}

export interface TokenOptions {
  tokenId?: string
  namePattern?: string
  allowedTags?: '*' | string[]
  requiresApproval?: boolean
  org?: string
}

/** A delegate token of an account, as ng-core stores it. */
export async function makeToken(
  world: World,
  accountId: string,
  options: TokenOptions = {},
): Promise<{ token: string; tokenId: string }> {
  const tokenId = options.tokenId ?? newId('tok')
  const { token, publicKey } = mintDelegateToken({ accountId, tokenId })
  await makeAccount(world, accountId)
  await world.admin.query(
    `insert into ng.delegate_token (account_id, id, name, org_identifier, public_key, name_pattern, allowed_tags, requires_approval, status)
     values ($1, $2, $2, $3, $4, $5, $6, $7, 'ACTIVE')`,
    [
      accountId,
      tokenId,
      options.org ?? null,
      publicKey,
      options.namePattern ?? '*',
      JSON.stringify(options.allowedTags ?? '*'),
      options.requiresApproval ?? false,
    ],
  )
  return { token, tokenId }
}

export async function makeAccount(world: World, accountId: string): Promise<void> {
  await world.admin.query('insert into ng.account (id, name) values ($1, $1) on conflict do nothing', [accountId])
  await world.admin.query(
    `insert into ng.organization (account_id, identifier, name, description, tags) values ($1, 'shop', 's', '', '{}') on conflict do nothing`,
    [accountId],
  )
}

/** As ng-core does it: the row first, then the message. */
export async function revokeToken(world: World, accountId: string, tokenId: string, says = true): Promise<void> {
  await world.admin.query(
    `update ng.delegate_token set status = 'REVOKED', revoked_at = now() where account_id = $1 and id = $2`,
    [accountId, tokenId],
  )
  if (says) await world.publish('ng.revocation', accountId, { accountId, kind: 'delegateToken', id: tokenId })
}

/** A built-in secret of the account, version 1. */
export async function makeSecret(world: World, accountId: string, value: string): Promise<string> {
  await makeAccount(world, accountId)
  const id = newId('sec')
  const scope = scopeKey({ accountId })
  const record = await encryptSecret(world.kek, { accountId, scope, id, version: 1 }, value)
  await world.admin.query(
    `insert into ng.secret (account_id, id, identifier, name, description, tags, type, connectors_only)
     values ($1, $2, $2, $2, '', '{}', 'SecretText', true)`,
    [accountId, id],
  )
  await world.admin.query(
    `insert into ng.secret_version (account_id, secret_id, version, key_id, wrapped_data_key, iv, ciphertext, tag)
     values ($1, $2, 1, $3, $4, $5, $6, $7)`,
    [accountId, id, record.keyId, record.wrappedDataKey, record.iv, record.ciphertext, record.tag],
  )
  return id
}

export function newAccountId(): string {
  return `acc-${newId('acc').slice(-12)}`
}

export function taskOf(accountId: string, more: Partial<SubmitTask> & { scope?: Scope } = {}): SubmitTask {
  const taskId = more.taskId ?? newId('tsk')
  return SubmitTask.parse({
    taskId,
    accountId,
    scope: { accountId, orgIdentifier: 'shop', projectIdentifier: 'web' },
    attemptId: `${taskId}-1`,
    task: { kind: 'pod.cleanup', parameters: { podId: 'pod-1' } },
    secrets: [],
    selectors: [],
    capabilities: ['runtime:process'],
    timeoutMs: 60_000,
    queueTimeoutMs: 30_000,
    replyTo: 'pipeline.inbox',
    principal: { type: 'USER', id: 'usr-1', name: 'Ann' },
    signatures: [],
    ...more,
  })
}

/** Submits a task as ng-manager does and returns it. */
export async function submit(world: World, accountId: string, more: Partial<SubmitTask> = {}): Promise<SubmitTask> {
  const task = await world.sign(taskOf(accountId, more))
  await world.send(accountId, `${task.attemptId}.${task.task.kind}`, 'task.submit', task)
  return task
}

export async function cancel(world: World, task: SubmitTask, reason = 'aborted by Ann'): Promise<void> {
  const { accountId, taskId } = task
  await world.send(accountId, newId('msg'), 'task.cancel', { accountId, taskId, reason })
}

/** What the submitter was told about a task, in order. */
export async function eventsOf(world: World, task: SubmitTask): Promise<TaskEvent[]> {
  const { rows } = await world.admin.query<{ body: unknown }>(
    `select body from pipeline.inbox
      where account_id = $1 and body->>'taskId' = $2 and kind = any($3) order by created_at, id`,
    [task.accountId, task.taskId, TASK_EVENT_KINDS],
  )
  return rows.map((row) => TaskEvent.parse(row.body))
}

type Kind = TaskEvent['kind']

/** Waits for the submitter to be told. */
export async function told<K extends Kind>(
  world: World,
  task: SubmitTask,
  kind: K,
  matches: (event: Extract<TaskEvent, { kind: K }>) => boolean = () => true,
): Promise<Extract<TaskEvent, { kind: K }>> {
  return until(
    async () => {
      const events = await eventsOf(world, task)
      return events.find(
        (event): event is Extract<TaskEvent, { kind: K }> =>
          event.kind === kind && matches(event as Extract<TaskEvent, { kind: K }>),
      )
    },
    { what: `"${kind}" of ${task.taskId}` },
  )
}

export async function rowOf(world: World, task: SubmitTask): Promise<Record<string, unknown>> {
  const { rows } = await world.admin.query<Record<string, unknown>>(
    'select * from delegate.task where account_id = $1 and id = $2',
    [task.accountId, task.taskId],
  )
  return rows[0] ?? {}
}

/** Waits until the task's row is in a state. */
export function inState(world: World, task: SubmitTask, state: string): Promise<unknown> {
  return until(async () => (await rowOf(world, task))['state'] === state, { what: `${task.taskId} to be ${state}` })
}
