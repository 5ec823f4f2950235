import { spawn } from 'node:child_process'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { lastLines, supervise, type RunningServer } from '../running-server.ts'
import { findRedisServer } from './find-redis-server.ts'

const READY_WITHIN_MS = 30_000

export interface RedisOptions {
  /** Working folder: ACL file and, with `keep`, the append-only file. */
  folder: string
  /** TCP port on 127.0.0.1. */
  port: number
  /** Text of the ACL file. Without it everybody on this machine may do everything. */
  acl?: string
  /** Whether what is in Redis survives a restart. */
  keep: boolean
  logFile: string
}

/**
 * Starts a private Redis on 127.0.0.1, in a process group of its own.
 * @throws Error when no redis-server ≥ 6.2 is on the PATH, or it does not become ready.
 */
export async function startRedis(options: RedisOptions): Promise<RunningServer> {
  const binary = await findRedisServer()
  if (!binary) {
    throw new Error(
      'There is no redis-server on the PATH. Install one (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis).',
    )
  }
  const [major, minor] = binary.version
  if (major < 6 || (major === 6 && minor < 2)) {
    throw new Error(
      `"${binary.path}" is version ${major}.${minor}; Sluice needs 6.2 or newer for its access lists. Install a newer redis-server.`,
    )
  }
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  const aclFile = join(options.folder, 'users.acl')
  if (options.acl !== undefined) await writeFile(aclFile, options.acl, { mode: 0o600 })
  const log = await open(options.logFile, 'a', 0o600)
  const child = spawn(binary.path, serverArguments(options, aclFile), {
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
    cwd: '/',
  })
  await log.close()
  const server = supervise(child, { name: 'Redis', port: options.port, stopSignal: 'SIGTERM', forceSignal: 'SIGKILL' })
  let ended: string | undefined
  void server.exited.then((sentence) => (ended = sentence))
  const deadline = Date.now() + READY_WITHIN_MS
  while (Date.now() < deadline) {
    if (ended !== undefined)
      throw new Error(`${ended} before it was ready. Its last lines:\n${await lastLines(options.logFile)}`)
    const answer = await ping(options.port)
    if (answer.startsWith('+PONG') || answer.startsWith('-NOAUTH')) return server
    await delay(10)
  }
  await server.stop()
  throw new Error(
    `Redis was not ready within ${READY_WITHIN_MS / 1000} s. Its last lines:\n${await lastLines(options.logFile)}`,
  )
}

/** Sends PING; the first bytes of the answer, or nothing when there is no server yet. */
function ping(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 })
    const end = (answer: string) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (data) => end(data.toString('latin1')))
    socket.once('error', () => end(''))
    socket.once('timeout', () => end(''))
    socket.once('close', () => end(''))
  })
}

function serverArguments(options: RedisOptions, aclFile: string): string[] {
  const settings: Record<string, string> = {
    port: String(options.port),
    bind: '127.0.0.1',
    'protected-mode': 'yes',
    daemonize: 'no',
    dir: options.folder,
    save: '',
    appendonly: options.keep ? 'yes' : 'no',
    // BullMQ's requirement: an evicted key would be a lost job.
    'maxmemory-policy': 'noeviction',
    ...(options.acl === undefined ? {} : { aclfile: aclFile }),
  }
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
}
