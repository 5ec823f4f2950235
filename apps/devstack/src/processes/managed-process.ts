import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../user-error.ts'
import { readReason } from './read-reason.ts'

const READY_WITHIN_MS = 60_000
/** A service stops within 10 s by itself; this is for one that hangs. */
const STOP_WITHIN_MS = 15_000
const FIRST_RESTART_MS = 500
const LAST_RESTART_MS = 30_000
/** Up for this long, a process is healthy again and its next end is a new story. */
const HEALTHY_AFTER_MS = 60_000
const LOG_LIMIT_BYTES = 20 * 1024 * 1024

export interface ProcessOptions {
  name: string
  /** Absolute path of the program's entry point. */
  main: string
  environment: NodeJS.ProcessEnv
  dataDir: string
  logFile: string
  /** `http://127.0.0.1:<port>/readyz` */
  readyUrl: string
  /** Told when the process ended although nobody asked it to, and when it is up again. */
  onNews: (sentence: string) => void
  /** Told of every new process, so that a later start can find it. */
  onPid: (pid: number) => Promise<void>
}

/**
 * One service or delegate as a child process in a process group of its own, its output in a file.
 * It is started, watched and, when it ends by itself, started again after a growing pause.
 */
export class ManagedProcess {
  readonly name: string
  private readonly options: ProcessOptions
  private child: ChildProcess | undefined
  private ended: Promise<string> = Promise.resolve('was never started')
  /** False while its end is wanted: by `stop` or `kill`. */
  private wanted = false
  private failures = 0
  private stopping = new AbortController()

  constructor(options: ProcessOptions) {
    this.name = options.name
    this.options = options
  }

  get pid(): number | undefined {
    return this.child?.pid
  }

  /**
   * Starts the process and waits until it is ready.
   * @throws UserError with its last lines when it ends before, or is not ready in time
   */
  async start(): Promise<void> {
    this.stopping = new AbortController()
    await this.bringUp()
  }

  /** Ends it as a power cut would. It stays down until `start`. */
  async kill(): Promise<void> {
    this.wanted = false
    this.stopping.abort()
    this.child?.kill('SIGKILL')
    await this.ended
    this.sweep()
  }

  /** Asks it to end, waits, and ends what is left of its process group. */
  async stop(): Promise<void> {
    this.wanted = false
    this.stopping.abort()
    if (!this.isRunning()) return
    this.child?.kill('SIGTERM')
    const timer = setTimeout(() => this.child?.kill('SIGKILL'), STOP_WITHIN_MS)
    await this.ended
    clearTimeout(timer)
    this.sweep()
  }

  private async bringUp(): Promise<void> {
    await this.spawn()
    await this.waitUntilReady()
  }

  private async spawn(): Promise<void> {
    const { options } = this
    await mkdir(options.dataDir, { recursive: true, mode: 0o700 })
    await rotate(options.logFile)
    const log = await open(options.logFile, 'a', 0o600)
    if (this.stopping.signal.aborted) {
      await log.close()
      throw new UserError(`${this.name} was not started: Sluice is stopping.`)
    }
    const child = spawn(process.execPath, [options.main], {
      env: options.environment,
      cwd: options.dataDir,
      // The channel tells the process when we are gone, however we went; then it stops by itself.
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
      detached: true,
    })
    await log.close()
    this.child = child
    this.wanted = true
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`))
      child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`))
    })
    if (child.pid !== undefined) await options.onPid(child.pid)
  }

  private async waitUntilReady(): Promise<void> {
    const { name, logFile, readyUrl } = this.options
    const { child } = this
    const hasEnded = () => child?.pid === undefined || child.exitCode !== null || child.signalCode !== null
    const deadline = Date.now() + READY_WITHIN_MS
    while (!hasEnded() && !(await answers(readyUrl))) {
      if (Date.now() > deadline) {
        child?.kill('SIGKILL')
        await this.ended
        this.sweep()
        throw new UserError(
          `${name} was not ready within ${READY_WITHIN_MS / 1000} s. Its last lines (${logFile}):\n${await readReason(logFile)}`,
        )
      }
      await delay(40)
    }
    if (hasEnded()) {
      this.sweep()
      throw new UserError(
        `${name} ${await this.ended} before it was ready. Its last lines (${logFile}):\n${await readReason(logFile)}`,
      )
    }
    if (child) void this.watch(child)
  }

  private async watch(child: ChildProcess): Promise<void> {
    const readyAt = Date.now()
    const how = await this.ended
    if (this.child !== child || !this.wanted) return
    if (Date.now() - readyAt > HEALTHY_AFTER_MS) this.failures = 0
    try {
      await this.startAgain(how)
    } catch (error) {
      this.options.onNews(`${this.name} could not be started again: ${String(error)}`)
    }
  }

  private async startAgain(how: string): Promise<void> {
    const { name, logFile, onNews } = this.options
    this.sweep()
    while (this.wanted) {
      const pauseMs = Math.min(FIRST_RESTART_MS * 2 ** this.failures, LAST_RESTART_MS)
      this.failures += 1
      onNews(
        `${name} ${how}. It is started again in ${pauseMs / 1000} s. Its last lines (${logFile}):\n${await readReason(logFile)}`,
      )
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined)
      if (!this.wanted) return
      try {
        await this.bringUp()
        onNews(`${name} is up again.`)
        return
      } catch (error) {
        how = `did not come up (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`
      }
    }
  }

  private isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null
  }

  /** Ends whatever the process started in its group and did not end itself. */
  private sweep(): void {
    const pid = this.child?.pid
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch (error) {
      // ESRCH: the group is empty, as it should be.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    await response.body?.cancel()
    return response.ok
  } catch {
    // Not listening yet.
    return false
  }
}

async function rotate(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (file) => file.size,
    () => 0,
  )
  if (size > LOG_LIMIT_BYTES) await rename(logFile, `${logFile}.1`)
}
