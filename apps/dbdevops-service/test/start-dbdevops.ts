import { request } from 'node:https'
import { gzipSync } from 'node:zlib'
import { createHash } from 'node:crypto'
import type { InternalClaims, Role } from '@sluice/contracts/access'
import type { ReportedDocument, StepReport } from '@sluice/contracts/dbops'
import type { ServiceName } from '@sluice/contracts/network'
import { prepareServices } from '@sluice/database/bootstrap'
import {
  createIdentity,
  createLogger,
  createServiceClient,
  INTERNAL_AUDIENCE,
  signAsService,
  type Actor,
  type ServiceClient,
} from '@sluice/service-kit'
import { cloneDatabase, makeTestCa, type ClonedDatabase } from '@sluice/testing'
import { Client } from 'pg'
import { buildApp } from '../src/app.ts'
import { createDeps, type Deps } from '../src/deps.ts'

export interface Running {
  url: string
  deps: Deps
  database: ClonedDatabase
  /** A client with ng-manager's certificate, the only peer that the table lets in. */
  client: ServiceClient
  /** A client with another service's certificate. */
  clientOf(service: ServiceName): Promise<ServiceClient>
  /** Somebody with a role in an account (made where it is new), with a token. */
  person(accountId: string, role: Role | 'none', flags?: string[]): Promise<Actor>
  /** One request as it is, for statuses and headers; `token` only if the actor has one. */
  send(actor: Actor, method: string, path: string, body?: unknown): Promise<Answer>
  stop(): Promise<void>
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: unknown
}

/** The same person without a token, as background work speaks for them. */
export function onBehalfOf(actor: Actor): Actor {
  const { token: _token, ...rest } = actor
  return { ...rest, source: 'on-behalf-of', accessVersion: -1 }
}

/** The real service on a port of its own, with its own database and certificates. */
export async function startDbdevops(): Promise<Running> {
  const [database, ca] = await Promise.all([
    cloneDatabase(prepareServices(['ng-core', 'dbdevops-service'])),
    makeTestCa(),
  ])
  const tlsOf = async (service: ServiceName) => {
    const { certFile, keyFile } = await ca.serviceCertificate(service)
    return { certFile, keyFile, caFile: ca.caFile }
  }
  const deps = createDeps({
    service: 'dbdevops-service',
    http: { host: '127.0.0.1', port: 0 },
    health: { host: '127.0.0.1', port: 0 },
    tls: await tlsOf('dbdevops-service'),
    databaseUrl: database.url('dbdevops-service'),
    destinations: {},
    logLevel: 'silent',
  })
  const app = buildApp(deps)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const logger = createLogger({ service: 'ng-manager', logLevel: 'silent' })
  const core = createIdentity(await tlsOf('ng-core'))
  const managerTls = await tlsOf('ng-manager')
  const opened: { close(): Promise<void> | void }[] = [core]
  const clientOf = async (service: ServiceName, tls?: Awaited<ReturnType<typeof tlsOf>>): Promise<ServiceClient> => {
    const identity = createIdentity(tls ?? (await tlsOf(service)))
    const client = createServiceClient({
      config: { service, destinations: { 'dbdevops-service': url } },
      identity,
      logger,
    })
    opened.push(identity, client)
    return client
  }
  const client = await clientOf('ng-manager', managerTls)
  const admin = new Client({ connectionString: database.url('ng-core') })
  await admin.connect()
  const credentials = createIdentity(managerTls)
  opened.push(credentials)

  let accessVersion = 0

  return {
    url,
    deps,
    database,
    client,
    clientOf: (service) => clientOf(service),
    person: async (accountId, role, flags = ['DBOPS_ENABLED']) => {
      const id = `usr-${accountId}-${role}`
      await admin.query('insert into account (id, name) values ($1, $1) on conflict do nothing', [accountId])
      await admin.query(
        `insert into user_account (account_id, id, email, name, password_hash) values ($1, $2, $2, $2, '-') on conflict do nothing`,
        [accountId, id],
      )
      if (role !== 'none') {
        await admin.query(
          'insert into role_assignment (account_id, id, user_id, role) values ($1, $2, $2, $3) on conflict do nothing',
          [accountId, id, role],
        )
      }
      const claims: InternalClaims = {
        accountId,
        principal: { type: 'USER', id, name: id },
        groups: [],
        // A new assignment raises the version, as in NG Core.
        accessVersion: (accessVersion += 1),
        featureFlags: flags,
      }
      const token = await signAsService(core, { audience: INTERNAL_AUDIENCE, claims: { ...claims }, expiresInS: 600 })
      return { ...claims, correlationId: 'test', source: 'token', token }
    },
    send: (actor, method, path, body) =>
      new Promise((resolve, reject) => {
        const { cert, key, ca: authority } = credentials.credentials()
        const text = body === undefined ? undefined : JSON.stringify(body)
        const outgoing = request(
          `${url}${path}`,
          {
            method,
            cert,
            key,
            ca: authority,
            agent: false,
            headers: {
              ...(actor.token === undefined ? {} : { 'x-sluice-token': actor.token }),
              ...(text === undefined ? {} : { 'content-type': 'application/json' }),
            },
          },
          (response) => {
            const chunks: Buffer[] = []
            response.on('data', (chunk: Buffer) => chunks.push(chunk))
            response.on('end', () => {
              const answer = Buffer.concat(chunks).toString('utf8')
              const status = response.statusCode ?? 0
              resolve({ status, headers: response.headers, body: answer === '' ? undefined : JSON.parse(answer) })
            })
          },
        )
        outgoing.on('error', reject)
        outgoing.end(text)
      }),
    stop: async () => {
      for (const resource of opened.toReversed()) await resource.close()
      await admin.end()
      await app.close()
      await deps.close()
      await database.drop()
      await ca.dispose()
    },
  }
}

export const project = { org: 'default', project: 'shop' }

export function schemaInput(identifier: string) {
  return {
    identifier,
    name: `${identifier} store`,
    migrationType: 'Liquibase' as const,
    changelog: { connector: 'account.github_main', repo: 'shop-db', location: 'db/changelog.yaml' },
  }
}

export function instanceInput(identifier: string) {
  return { identifier, name: identifier, connector: `${identifier}_jdbc`, branch: 'main' }
}

export function packed(name: ReportedDocument['name'], value: unknown): ReportedDocument {
  const bytes = Buffer.from(JSON.stringify(value))
  return {
    name,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    content: gzipSync(bytes).toString('base64'),
  }
}

export function stepReport(of: Pick<StepReport, 'schemaId' | 'instanceId'> & Partial<StepReport>): StepReport {
  return {
    attemptId: 'nod-1-1',
    unit: 'preview',
    ...project,
    stepIdentifier: 'preview',
    stepType: 'DBSchemaUpdateSQL',
    pipelineIdentifier: 'ship',
    executionId: 'pex-1',
    nodeExecutionId: 'nod-1',
    attempt: 1,
    outcome: 'succeeded',
    changesets: [],
    documents: [],
    finishedAt: 1_000_000,
    ...of,
  }
}
