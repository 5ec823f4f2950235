import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SERVICE_NAMES, type ServiceName } from '@sluice/contracts/network'
import {
  bootstrapDatabase,
  migrateService,
  redisAcl,
  SCHEMA_OWNERS,
  serviceDatabaseUrl,
} from '@sluice/database/bootstrap'
import { startPostgres, startRedis } from '@sluice/local-servers'
import { issueCertificates } from '../certificates/issue-certificates.ts'
import { Demo, type DemoHandles } from '../demo/demo.ts'
import { choosePorts } from '../folder/choose-ports.ts'
import { forgetFirstPassword, readFirstPassword } from '../folder/first-password.ts'
import type { Layout } from '../folder/layout.ts'
import { lockDataFolder } from '../folder/lock-data-folder.ts'
import { openDataFolder } from '../folder/open-data-folder.ts'
import { startOf } from '../folder/process-identity.ts'
import { passwordOf, readState, writeState, type State } from '../folder/state.ts'
import { endLeftovers } from '../processes/end-leftovers.ts'
import { delegateEnvironment, postgresUrl, redisUrl, serviceEnvironment, url } from '../processes/environment.ts'
import { ManagedProcess } from '../processes/managed-process.ts'
import { ManagedServer } from '../processes/managed-server.ts'
import { UserError } from '../user-error.ts'
import { bundlePrograms, uiFolder } from './bundle-programs.ts'

/** Repository root: this file's great-great-grandparent folder. */
const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url))

export type ProcessName = ServiceName | 'delegate'
/** The stores, which can be killed and started again like the processes. */
export type ServerName = 'postgres' | 'redis'

export interface StackOptions {
  /** Everything the stack keeps lies here. */
  dataDir: string
  /** The gateway's port, or `any` for a free one (then every other port is a free one too). */
  port: number | 'any'
  /** Which processes to start; all by default. */
  processes?: readonly ProcessName[]
  /** Makes the demo, where there is none yet. False by default; a demo of an earlier start is served either way. */
  demo?: boolean
  /** Builds the pages where they are out of date, and lets the gateway serve them. */
  ui?: boolean
  /** PEM files of authorities that certify git hosts, beside the well-known ones and our own. */
  gitAuthorities?: readonly string[]
  /** Added to the environment of every process. */
  environment?: NodeJS.ProcessEnv
  /** Told what is being done and what went wrong later, a sentence each. */
  onProgress?: (sentence: string) => void
  /** Aborted: the start ends early, and everything is stopped again. */
  signal?: AbortSignal
}

export interface Stack {
  /** `https://localhost:<port>` of the gateway. */
  gatewayUrl: string
  /** PEM file that clients verify the gateway with. */
  caFile: string
  /** Only until {@link Stack.forgetPassword}: the first account's password, made at the first start. */
  password: string | undefined
  /** Deletes the file that the password was handed over in, unless the demo needs it at the next start, too. */
  forgetPassword(): Promise<void>
  /** Superuser's URL of Sluice's database. */
  postgresUrl: string
  /** URL of a service's own role. */
  databaseUrl(service: ServiceName): string
  /** URL of a service's own Redis user, or of the administrator. */
  redisUrl(user: ServiceName | 'admin'): string
  /** Base URL of a listener: `ng-core` (mutual TLS), `log-service public`, … */
  url(listener: string): string
  /** `http://127.0.0.1:<port>` of a process's health listener. */
  healthUrl(process: ProcessName): string
  /** Read anew at each look: the first run goes on after the start. Undefined where there is no complete demo. */
  readonly demo: DemoHandles | undefined
  /** Certificate and key files of a service, for tests that speak as one. */
  layout: Layout
  pid(name: ProcessName | ServerName): number | undefined
  /** `kill -9`; it stays down until {@link Stack.restart}. */
  kill(name: ProcessName | ServerName): Promise<void>
  /** Starts a killed process, or stops and starts a running one, and waits until it is ready. */
  restart(name: ProcessName | ServerName): Promise<void>
  /** Ends everything, in order; safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts the whole of Sluice on this machine: private Postgres and Redis, certificates, migrations, services, delegate.
 * Whatever fails, what was started before it is ended again.
 * @throws UserError for everything the caller can do something about
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const cleanUps: (() => Promise<void>)[] = []
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= runBackwards(cleanUps)
    return stopping
  }
  try {
    return await startAll(options, cleanUps, stop)
  } catch (error) {
    await stop()
    throw options.signal?.aborted === true ? new UserError('The start was interrupted.', { cause: error }) : error
  }
}

async function startAll(
  options: StackOptions,
  cleanUps: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Stack> {
  const say = options.onProgress ?? (() => undefined)
  const wanted = options.processes ?? [...SERVICE_NAMES, 'delegate']
  const layout = await openDataFolder(resolve(options.dataDir))
  cleanUps.push(
    await lockDataFolder(layout, options.port === 'any' ? 'on a free port' : `https://localhost:${options.port}`),
  )
  // Before the state is written: its absence is what makes a start the first one.
  const password = await readFirstPassword(layout)
  const state = await readState(layout)
  await endLeftovers(state.processes)
  state.processes = []
  state.ports = await choosePorts(options.port, options.port === 'any' ? {} : state.ports)
  await writeState(layout, state)
  const saveProcess = createProcessRegister(layout, state)
  const demo = await Demo.open({
    layout,
    ports: { postgres: state.ports['postgres'] ?? 0, git: state.ports['git'] ?? 0 },
    superuserUrl: postgresUrl(state, 'postgres'),
    gatewayUrl: url(state, 'gateway'),
    wanted: options.demo === true,
    password,
    say,
  })

  cleanUps.push(async () => demo?.stopServing())
  const [servers] = await allSettledOrThrow([
    startServers(layout, state, saveProcess, cleanUps, say),
    issueCertificates(layout, options.gitAuthorities ?? []).then(() => demo?.serve()),
    bundlePrograms(REPOSITORY, layout.logFileOf('bundle'), {
      // Only a delegate runs pods.
      pods: wanted.includes('delegate'),
      ui: options.ui === true,
    }),
  ])
  options.signal?.throwIfAborted()
  await Promise.all([migrateAll(state), demo?.makeDatabases()])
  say('Schemas are up to date.')
  options.signal?.throwIfAborted()

  const managed = new Map<ProcessName, ManagedProcess>()
  for (const name of wanted) {
    const environment =
      name === 'delegate' ? delegateEnvironment({ layout, state }) : serviceEnvironment(name, { layout, state })
    if (name === 'gateway' && options.ui === true) environment['SLUICE_UI_DIR'] = uiFolder(REPOSITORY)
    managed.set(
      name,
      new ManagedProcess({
        name,
        main: resolve(REPOSITORY, 'apps', name, 'src', 'main.ts'),
        environment: { ...environment, ...options.environment },
        dataDir: layout.dataDirOf(name),
        logFile: layout.logFileOf(name),
        readyUrl: `${healthUrl(state, name)}/readyz`,
        onNews: say,
        onPid: (pid) => saveProcess(name, pid),
      }),
    )
  }
  const services = [...managed.values()].filter(({ name }) => name !== 'delegate')
  const delegate = managed.get('delegate')
  cleanUps.push(async () => {
    // The delegate first: it finishes or hands back what it holds while somebody still listens.
    await delegate?.stop()
    await Promise.all(services.map((service) => service.stop()))
    say('Services and delegate have ended.')
  })
  const interrupted = interruption(options.signal)
  await Promise.race([startServices(services, say), interrupted])
  cleanUps.push(async () => demo?.stopFollowing())
  // Nothing of the demo needs a delegate but its run.
  const startDelegate = async (): Promise<void> => {
    await delegate?.start()
    if (delegate) say('delegate is ready.')
  }
  await Promise.race([Promise.all([startDelegate(), demo?.makeEntities()]), interrupted])
  if (delegate) await Promise.race([demo?.startFirstRun(), interrupted])

  const processOf = (name: ProcessName | ServerName): ManagedProcess | ManagedServer => {
    const found = name === 'postgres' || name === 'redis' ? servers[name] : managed.get(name)
    if (!found) throw new Error(`"${name}" is not part of this stack.`)
    return found
  }
  return {
    gatewayUrl: url(state, 'gateway'),
    caFile: layout.caFile,
    password,
    forgetPassword: async () => {
      if (demo?.needsPassword !== true) await forgetFirstPassword(layout)
    },
    postgresUrl: postgresUrl(state),
    databaseUrl: (service) => databaseUrl(state, service),
    redisUrl: (user) =>
      redisUrl(state, user, user === 'admin' ? state.passwords.redisAdmin : passwordOf(state.passwords.redis, user)),
    url: (listener) => url(state, listener),
    healthUrl: (name) => healthUrl(state, name),
    get demo() {
      return demo?.handles
    },
    layout,
    pid: (name) => processOf(name).pid,
    kill: (name) => processOf(name).kill(),
    restart: async (name) => {
      const one = processOf(name)
      await one.stop()
      await one.start()
    },
    stop,
  }
}

/** Postgres and Redis, side by side. */
async function startServers(
  layout: Layout,
  state: State,
  saveProcess: SaveProcess,
  cleanUps: (() => Promise<void>)[],
  say: (sentence: string) => void,
): Promise<Record<ServerName, ManagedServer>> {
  const servers = {
    postgres: new ManagedServer({
      name: 'Postgres',
      launch: () =>
        startPostgres({
          folder: layout.postgres,
          port: state.ports['postgres'] ?? 0,
          password: state.passwords.postgres,
          logFile: layout.logFileOf('postgres'),
          settings: { max_connections: '300' },
        }),
      onNews: say,
      // A server left on the folder is found and ended by startPostgres, in Postgres' own way.
      onPid: async () => undefined,
    }),
    redis: new ManagedServer({
      name: 'Redis',
      launch: () =>
        startRedis({
          folder: layout.redis,
          port: state.ports['redis'] ?? 0,
          acl: redisAcl({ passwords: state.passwords.redis, adminPassword: state.passwords.redisAdmin }),
          keep: true,
          logFile: layout.logFileOf('redis'),
        }),
      onNews: say,
      onPid: (pid) => saveProcess('redis', pid),
    }),
  }
  const startOne = async (name: string, server: ManagedServer) => {
    cleanUps.push(() => server.stop())
    try {
      await server.start()
    } catch (cause) {
      throw new UserError(cause instanceof Error ? cause.message : String(cause), { cause })
    }
    say(`${name} is ready.`)
  }
  await allSettledOrThrow([startOne('Postgres', servers.postgres), startOne('Redis', servers.redis)])
  return servers
}

async function migrateAll(state: State): Promise<void> {
  await bootstrapDatabase({ superuserUrl: postgresUrl(state, 'postgres'), passwords: state.passwords.database })
  for (const { service } of SCHEMA_OWNERS) await migrateService({ url: databaseUrl(state, service), service })
}

async function startServices(services: readonly ManagedProcess[], say: (sentence: string) => void): Promise<void> {
  await Promise.all(
    services.map(async (service) => {
      await service.start()
      say(`${service.name} is ready.`)
    }),
  )
}

type SaveProcess = (name: string, pid: number) => Promise<void>

/** Notes every process in the state file, one write after the other. */
function createProcessRegister(layout: Layout, state: State): SaveProcess {
  let writing = Promise.resolve()
  return async (name, pid) => {
    const start = await startOf(pid)
    state.processes = [...state.processes.filter((known) => known.name !== name), { name, pid, start }]
    writing = writing.then(() => writeState(layout, state))
    await writing
  }
}

function databaseUrl(state: State, service: ServiceName): string {
  return serviceDatabaseUrl({
    serverUrl: postgresUrl(state),
    service,
    password: passwordOf(state.passwords.database, service),
  })
}

function healthUrl(state: State, name: ProcessName): string {
  return `http://127.0.0.1:${state.ports[`${name} health`]}`
}

/** Rejects when the signal is aborted, and never resolves. */
function interruption(signal: AbortSignal | undefined): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal?.addEventListener('abort', () => reject(new UserError('The start was interrupted.')), { once: true })
  if (signal?.aborted === true) reject(new UserError('The start was interrupted.'))
  // It is raced against; where nothing races any more, nobody has to hear of it.
  promise.catch(() => undefined)
  return promise
}

/** Waits for all, also when one fails: what the others started must be known before anything is ended. */
async function allSettledOrThrow<Work extends readonly unknown[]>(
  work: readonly [...Work],
): Promise<{ -readonly [Index in keyof Work]: Awaited<Work[Index]> }> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

async function runBackwards(cleanUps: (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = []
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) {
    await cleanUp().catch((error: unknown) => errors.push(error))
  }
  if (errors.length > 0)
    throw new AggregateError(errors, `Not everything could be ended: ${errors.map(String).join('; ')}`)
}
