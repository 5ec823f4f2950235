import { execFile } from 'node:child_process'
import { AppError } from '@sluice/contracts/errors'

/** A git command that failed, with what git said. */
export class GitCommandError extends Error {
  readonly stderr: string
  readonly timedOut: boolean

  constructor(stderr: string, timedOut: boolean) {
    super(stderr.trim() === '' ? 'git ended without a message' : stderr.trim())
    this.name = 'GitCommandError'
    this.stderr = stderr
    this.timedOut = timedOut
  }
}

export interface RunGitOptions {
  /** Empty folder of the caller's. */
  folder: string
  /** `host:port:address,…` that git is held to. */
  pin: string
  /** PEM file of the authorities that git trusts; its own where absent. */
  caFile?: string
  timeoutMs: number
  maxOutputBytes: number
}

/** Nothing of the machine's or a user's configuration counts: https only, no redirects, prompts, helpers, hooks, proxies. */
const SETTINGS: readonly [string, string][] = [
  ['protocol.allow', 'never'],
  ['protocol.https.allow', 'always'],
  ['protocol.version', '2'],
  ['http.followRedirects', 'false'],
  ['http.proxy', ''],
  // A host that stops talking ends git itself, and with it git's helper processes.
  ['http.lowSpeedLimit', '1'],
  ['http.lowSpeedTime', '10'],
  ['credential.helper', ''],
  ['core.hooksPath', '/dev/null'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
]

/**
 * Runs git with arguments only (no shell), in an environment of its own: this process's holds a database password.
 * @returns what git wrote to stdout
 * @throws GitCommandError; AppError BODY_TOO_LARGE where it wrote too much, GIT_FAILED without a git program
 */
export function runGit(args: readonly string[], options: RunGitOptions): Promise<Buffer> {
  const settings = [...SETTINGS, ['http.curloptResolve', options.pin] as const]
  const env = {
    PATH: process.env['PATH'],
    HOME: options.folder,
    LC_ALL: 'C',
    GIT_CEILING_DIRECTORIES: options.folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_ALLOW_PROTOCOL: 'https',
    GIT_LITERAL_PATHSPECS: '1',
    ...(options.caFile === undefined ? {} : { GIT_SSL_CAINFO: options.caFile }),
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  }
  return new Promise((resolve, reject) => {
    execFile(
      'git',
      [...args],
      {
        cwd: options.folder,
        env,
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: options.maxOutputBytes,
        encoding: 'buffer',
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout)
        if (error.code === 'ENOENT') {
          return reject(
            new AppError('GIT_FAILED', 'There is no "git" program where scm-service runs. Install git there.'),
          )
        }
        if (String(error.code) === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
          return reject(new AppError('BODY_TOO_LARGE', `git answered with more than ${options.maxOutputBytes} bytes.`))
        }
        reject(new GitCommandError(stderr.toString(), error.killed === true))
      },
    )
  })
}
