import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ProcessReport, type ProcessIdentity } from '../program/process-identity.ts'
import { killGroup } from './sweep-leftovers.ts'

export interface ProgramOptions {
  /** Shown in messages: `lite engine`, `db-step`. */
  name: string
  /** File that Node runs: a bundle, or the program's source. */
  file: string
  /** The process's own folder; `home` and `tmp` are made in it. */
  folder: string
  /** Variables beside the scrubbed ones, e.g. the file with the git hosts' certificate authority. */
  environment: Readonly<Record<string, string>>
  compileCacheFolder: string
  /** Lines of the process's stderr. */
  onDiagnostics: (line: string) => void
}

/** A single-use process that waits for its identity on stdin. */
export interface PodProcess {
  readonly name: string
  readonly pid: number
  /** Resolves with a sentence when the process has ended, however it ended. */
  readonly exited: Promise<string>
  readonly hasExited: boolean
  /** Hands the identity over and waits until the process listens. @throws Error with its reason or its exit. */
  identify(identity: ProcessIdentity, withinMs: number): Promise<{ port: number }>
  /** Lets it end by itself for `graceMs` (its stdin ends), then kills its process group. Idempotent. */
  end(graceMs: number): Promise<void>
}

/**
 * Starts a program of the pod: its own process group, a scrubbed environment (nothing of the delegate's), its own HOME
 * and TMPDIR. The open stdin is its lease on life: when this process dies, the pipe ends and so does the program.
 */
export async function spawnProgram(options: ProgramOptions): Promise<PodProcess> {
  const home = join(options.folder, 'home')
  const temporary = join(options.folder, 'tmp')
  await mkdir(home, { recursive: true, mode: 0o700 })
  await mkdir(temporary, { recursive: true, mode: 0o700 })
  const child = spawn(process.execPath, [options.file], {
    cwd: home,
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      HOME: home,
      TMPDIR: temporary,
      NODE_COMPILE_CACHE: options.compileCacheFolder,
      SLUICE_POD_GROUP: 'own',
      ...options.environment,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const { exited, state } = watch(child, options.name)
  // The pipe breaks when the process dies first; its exit says so already.
  child.stdin.on('error', () => {})
  createInterface({ input: child.stderr, crlfDelay: Infinity }).on('line', options.onDiagnostics)
  const firstReport = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout, crlfDelay: Infinity }).once('line', resolve)
  })
  if (child.pid === undefined) throw new Error(await exited)
  const pid = child.pid
  return {
    name: options.name,
    pid,
    exited,
    get hasExited() {
      return state.hasExited
    },
    identify: async (identity, withinMs) => {
      child.stdin.write(`${JSON.stringify(identity)}\n`)
      const line = await withTimeout(Promise.race([firstReport, fail(exited)]), withinMs, options.name)
      const report = ProcessReport.parse(JSON.parse(line))
      if (report.state === 'failed') throw new Error(`The ${options.name} did not start: ${report.message}`)
      return { port: report.port }
    },
    end: async (graceMs) => {
      child.stdin.end()
      if (!state.hasExited && graceMs > 0) {
        const timer = AbortSignal.timeout(graceMs)
        await Promise.race([exited, new Promise((resolve) => timer.addEventListener('abort', resolve, { once: true }))])
      }
      if (!state.hasExited) killGroup(pid)
      await exited
    },
  }
}

function watch(child: ChildProcess, name: string): { exited: Promise<string>; state: { hasExited: boolean } } {
  const state = { hasExited: false }
  const exited = new Promise<string>((resolve) => {
    const end = (sentence: string): void => {
      state.hasExited = true
      resolve(sentence)
    }
    child.once('error', (error) => end(`The ${name} could not be started: ${error.message}.`))
    child.once('exit', (code, signal) => {
      // A child of it may have outlived it. At once, while nobody else can have got this group's number.
      if (child.pid !== undefined) killGroup(child.pid)
      if (signal === 'SIGKILL') end(`The ${name} was killed (SIGKILL): out of memory, or ended from outside.`)
      else end(signal === null ? `The ${name} ended with exit code ${code}.` : `The ${name} was ended by ${signal}.`)
    })
  })
  return { exited, state }
}

async function fail(exited: Promise<string>): Promise<never> {
  throw new Error(await exited)
}

async function withTimeout<Value>(promise: Promise<Value>, withinMs: number, name: string): Promise<Value> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`The ${name} did not start within ${withinMs} ms.`)), withinMs)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
