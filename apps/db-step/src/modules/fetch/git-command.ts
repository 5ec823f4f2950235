import { execFile } from 'node:child_process'
import { isIPv6 } from 'node:net'
import { AppError } from '@sluice/contracts/errors'

/** A fetch of a big repository over a slow line; the step's own time limit ends it earlier. */
const GIT_WITHIN_MS = 10 * 60_000
const OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024

export interface GitRemote {
  /** https only, without user name or password. */
  url: string
  username?: string
  password?: string
  /** Addresses of its host, checked by `checkGitHost`; git connects to these and looks nothing up itself. */
  addresses?: readonly string[]
}

/** A git command that failed, with what git said. */
export class GitCommandError extends Error {
  readonly stderr: string

  constructor(stderr: string) {
    super(stderr.trim() === '' ? 'git ended without a message' : stderr.trim())
    this.name = 'GitCommandError'
    this.stderr = stderr
  }
}

/** @throws AppError URL_REFUSED for any other scheme than https and for credentials in the address. */
export function checkGitUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:') {
    const found = url === undefined ? 'is not an address' : `uses "${url.protocol.slice(0, -1)}"`
    throw new AppError(
      'URL_REFUSED',
      `The git address "${shorten(text)}" ${found}. Use an address that begins with https://.`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new AppError(
      'URL_REFUSED',
      `The git address of "${url.host}" holds credentials. Put the user name and a password secret into the connector.`,
    )
  }
  return url
}

/**
 * Runs git with arguments only (no shell), with a configuration of our own: nothing of the machine's or the user's, no
 * hooks, no submodules, no prompts, https only, no redirects (the credentials would go along).
 * Credentials are given through the environment, so that no process list shows them.
 * @returns what git wrote to stdout. @throws GitCommandError, AppError ABORTED.
 */
export function runGit(
  args: readonly string[],
  options: { folder: string; remote?: GitRemote; signal: AbortSignal; caFile?: string },
): Promise<string> {
  const settings: [string, string][] = [
    ['core.hooksPath', '/dev/null'],
    ['core.autocrlf', 'false'],
    ['core.protectNTFS', 'true'],
    ['core.protectHFS', 'true'],
    ['protocol.allow', 'never'],
    ['protocol.https.allow', 'always'],
    ['protocol.version', '2'],
    ['submodule.recurse', 'false'],
    ['fetch.recurseSubmodules', 'false'],
    ['http.followRedirects', 'false'],
    ['http.lowSpeedLimit', '1000'],
    ['http.lowSpeedTime', '30'],
    ['credential.helper', ''],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['advice.detachedHead', 'false'],
  ]
  const { remote } = options
  if (remote?.addresses !== undefined) {
    const { hostname, port } = new URL(remote.url)
    const addresses = remote.addresses.map((address) => (isIPv6(address) ? `[${address}]` : address))
    settings.push(['http.curloptResolve', `${hostname}:${port === '' ? 443 : port}:${addresses.join(',')}`])
  }
  if (remote?.password !== undefined) {
    // Hosts that take tokens ignore the name, but some want one that isn't empty.
    const basic = Buffer.from(`${remote.username || 'git'}:${remote.password}`).toString('base64')
    settings.push([`http.${new URL(remote.url).origin}/.extraHeader`, `Authorization: Basic ${basic}`])
  }
  const configuration = Object.fromEntries(
    settings.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  )
  const proxies = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    TMPDIR: process.env['TMPDIR'],
    LC_ALL: 'C',
    ...Object.fromEntries(proxies),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_ALLOW_PROTOCOL: 'https',
    GIT_LFS_SKIP_SMUDGE: '1',
    ...(options.caFile === undefined ? {} : { GIT_SSL_CAINFO: options.caFile }),
    GIT_CONFIG_COUNT: String(settings.length),
    ...configuration,
  }
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null, stdout: string, stderr: string): void => {
      if (error === null) resolve(stdout)
      else if (options.signal.aborted) reject(new AppError('ABORTED', 'The fetch from git was cancelled.'))
      else if ('code' in error && error.code === 'ENOENT') {
        reject(
          new AppError('GIT_FAILED', 'The step container has no "git" program. Install git where the delegate runs.'),
        )
      } else if ('killed' in error && error.killed === true) {
        reject(new GitCommandError(`timed out after ${GIT_WITHIN_MS / 1000} s\n${stderr}`))
      } else reject(new GitCommandError(stderr))
    }
    execFile(
      'git',
      [...args],
      { cwd: options.folder, env, signal: options.signal, timeout: GIT_WITHIN_MS, maxBuffer: OUTPUT_LIMIT_BYTES },
      settle,
    )
  })
}

function shorten(text: string): string {
  // Addresses with a scheme that isn't https may still carry a password.
  return text.replace(/\/\/[^@/]*@/, '//…@').slice(0, 200)
}
