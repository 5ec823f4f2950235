import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { lastLines, supervise, type RunningServer } from '../running-server.ts'
import { findAccount, type Account } from './find-account.ts'
import { findBinaries, isReachableByOthers, reachableBinaries, type PostgresBinaries } from './find-binaries.ts'

const run = promisify(execFile)
/** Postgres recovers from a crash before it is ready, which can take long after a big run was cut off. */
const READY_WITHIN_MS = 60_000
/** Clusters and binaries that can't lie where root keeps its clone. Not below /var/tmp, which systems empty now and then. */
const HOME_FOR_ROOT = '/var/lib/sluice'

export interface PostgresOptions {
  /** Folder of the cluster; made and initialised when empty. */
  folder: string
  /** TCP port on 127.0.0.1. */
  port: number
  /** Password of the superuser `postgres`; used when the cluster is made. */
  password: string
  logFile: string
  /** Server settings, e.g. `{ max_connections: '300' }`. */
  settings?: Record<string, string>
}

/**
 * Starts a private Postgres that listens on 127.0.0.1 only, in a process group of its own (Ctrl-C in the terminal does
 * not reach it: who started it ends it, after those that use it).
 * A server that a killed parent left running on the same folder is ended first.
 * @throws Error with the server's last lines when it does not become ready.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningServer & { url: string }> {
  const account = await findAccount()
  const cluster = await clusterFolder(options.folder, account)
  const binaries = account.uid === undefined ? findBinaries() : await reachableBinaries(findBinaries(), HOME_FOR_ROOT)
  await endLeftover(binaries, cluster, account)
  const pointer = join(options.folder, 'is-elsewhere')
  // A data folder that was deleted and made anew must not find the cluster of its predecessor, with another password.
  const isOurs = cluster === options.folder || (await exists(pointer))
  if (!isOurs || !(await exists(join(cluster, 'PG_VERSION'))))
    await initialise(binaries, cluster, account, options.password)
  if (!isOurs) {
    await mkdir(options.folder, { recursive: true, mode: 0o700 })
    await writeFile(pointer, `${cluster}\n`)
  }

  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...options.settings }
  const log = await open(options.logFile, 'a', 0o600)
  const child = spawn(
    binaries.postgres,
    [
      '-D',
      cluster,
      '-p',
      String(options.port),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    { ...account, env: serverEnvironment(), stdio: ['ignore', log.fd, log.fd], detached: true, cwd: '/' },
  )
  await log.close()
  const server = supervise(child, {
    name: 'Postgres',
    port: options.port,
    stopSignal: 'SIGINT',
    forceSignal: 'SIGQUIT',
  })
  await waitUntilReady(server, cluster, options.logFile)
  return {
    ...server,
    url: `postgresql://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${options.port}/postgres`,
  }
}

/** As root, a folder that the user `postgres` can't reach is replaced by one that only that user can enter. */
async function clusterFolder(folder: string, account: Account): Promise<string> {
  await mkdir(dirname(folder), { recursive: true })
  if (account.uid === undefined || (await isReachableByOthers(folder))) return folder
  await mkdir(HOME_FOR_ROOT, { recursive: true, mode: 0o755 })
  return join(HOME_FOR_ROOT, `postgres-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`)
}

async function initialise(
  binaries: PostgresBinaries,
  cluster: string,
  account: Account,
  password: string,
): Promise<void> {
  // Made aside and renamed, so that an interrupted first start leaves nothing that looks like a cluster.
  const fresh = `${cluster}.new`
  const passwordFile = `${cluster}.password`
  await rm(cluster, { recursive: true, force: true })
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true, mode: 0o700 })
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  try {
    if (account.uid !== undefined && account.gid !== undefined) {
      await chown(fresh, account.uid, account.gid)
      await chown(passwordFile, account.uid, account.gid)
    }
    await Promise.all(Object.values(binaries).map((file) => makeExecutable(file)))
    await run(
      binaries.initdb,
      [
        `--pgdata=${fresh}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-sync',
        '--no-instructions',
      ],
      { ...account, env: serverEnvironment(), cwd: '/', timeout: READY_WITHIN_MS },
    )
    await rename(fresh, cluster)
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true })
    throw new Error(`Postgres could not make its data folder "${cluster}": ${readReason(cause)}`, { cause })
  } finally {
    await rm(passwordFile, { force: true })
  }
}

async function endLeftover(binaries: PostgresBinaries, cluster: string, account: Account): Promise<void> {
  if (!(await exists(join(cluster, 'postmaster.pid')))) return
  const control = (...args: string[]) =>
    run(binaries.pgCtl, [...args, '-D', cluster], { ...account, env: serverEnvironment(), cwd: '/' })
  const isRunning = await control('status').then(
    () => true,
    () => false,
  )
  if (isRunning) await control('stop', '-m', 'fast', '-t', '30')
}

async function waitUntilReady(server: RunningServer, cluster: string, logFile: string): Promise<void> {
  let ended: string | undefined
  void server.exited.then((sentence) => (ended = sentence))
  const deadline = Date.now() + READY_WITHIN_MS
  while (Date.now() < deadline) {
    if (ended !== undefined)
      throw new Error(`${ended} before it was ready. Its last lines:\n${await lastLines(logFile)}`)
    // Line 1 is the server's pid and line 8 its state: what pg_ctl reads too.
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
    if (lines[0] === String(server.pid) && lines[7]?.trim() === 'ready') return
    await delay(15)
  }
  await server.stop()
  throw new Error(
    `Postgres was not ready within ${READY_WITHIN_MS / 1000} s. Its last lines:\n${await lastLines(logFile)}`,
  )
}

function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', LC_MESSAGES: 'C', TZ: 'UTC' }
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file)
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function readReason(cause: unknown): string {
  if (cause instanceof Error && 'stderr' in cause && typeof cause.stderr === 'string' && cause.stderr !== '') {
    return cause.stderr.trim().split('\n').slice(-5).join(' ')
  }
  return cause instanceof Error ? cause.message : String(cause)
}
