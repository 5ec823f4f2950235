import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { TestCa } from './make-test-ca.ts'

const run = promisify(execFile)

export interface GitCommitOptions {
  /** `main` by default. */
  branch?: string
  message?: string
  /** Moved where it exists already. */
  tag?: string
  /** Symbolic links, path → target. */
  links?: Record<string, string>
}

export interface GitRepository {
  url: string
  /** Writes these files (path → content) on top of the branch and pushes; answers the commit. */
  commit(files: Record<string, string>, options?: GitCommitOptions): Promise<string>
}

export interface GitServer {
  /** `https://localhost:<port>`, or with the address that was asked for. */
  url: string
  /** Requests so far, `METHOD path`. */
  readonly requests: readonly string[]
  createRepository(
    name: string,
    files: Record<string, string>,
    options?: GitCommitOptions,
  ): Promise<GitRepository & { firstCommit: string }>
  dispose(): Promise<void>
}

/**
 * A real git host for tests: `git http-backend` behind HTTPS on 127.0.0.1 with a certificate of the test CA.
 * With `credentials`, every request needs them by basic authentication; with `address`, it listens there instead.
 */
export async function startGitServer(
  ca: TestCa,
  options: { credentials?: { username: string; password: string }; address?: string } = {},
): Promise<GitServer> {
  const address = options.address ?? '127.0.0.1'
  const folder = await mkdtemp(join(tmpdir(), 'sluice-git-'))
  const { cert, key } = await ca.certificateFor({ dns: ['localhost'], ips: [address] })
  const backend = join((await run('git', ['--exec-path'])).stdout.trim(), 'git-http-backend')
  const requests: string[] = []
  const expected =
    options.credentials &&
    `Basic ${Buffer.from(`${options.credentials.username}:${options.credentials.password}`).toString('base64')}`
  const server: Server = createServer({ cert, key }, (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (expected !== undefined && request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    serve(backend, folder, request, response)
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, address, () => {
      const bound = server.address()
      resolve(typeof bound === 'object' && bound ? bound.port : 0)
    })
  })
  const url = `https://${options.address ?? 'localhost'}:${port}`
  return {
    url,
    requests,
    createRepository: async (name, files, commitOptions) => {
      const bare = join(folder, `${name}.git`)
      await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare])
      const work = join(folder, 'work', name)
      await run('git', ['clone', '--quiet', bare, work], { env: environment(folder) })
      const commit: GitRepository['commit'] = (changed, how) => commitFiles(work, folder, changed, how)
      const firstCommit = await commit(files, commitOptions)
      return { url: `${url}/${name}.git`, commit, firstCommit }
    },
    dispose: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function commitFiles(
  work: string,
  home: string,
  files: Record<string, string>,
  options: GitCommitOptions = {},
): Promise<string> {
  const branch = options.branch ?? 'main'
  const git = async (...args: string[]): Promise<string> =>
    (await run('git', args, { cwd: work, env: environment(home) })).stdout.trim()
  const current = await git('symbolic-ref', '--short', 'HEAD')
  if (current !== branch) {
    const known = await git('branch', '--list', branch)
    await git('checkout', '--quiet', ...(known === '' ? ['-b'] : []), branch)
  }
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(work, path)), { recursive: true })
    await writeFile(join(work, path), content)
  }
  for (const [path, target] of Object.entries(options.links ?? {})) await symlink(target, join(work, path))
  await git('add', '--all')
  await git('commit', '--quiet', '--allow-empty', '-m', options.message ?? 'Change')
  if (options.tag !== undefined) await git('tag', '--annotate', '--force', '--message', options.tag, options.tag)
  await git('push', '--quiet', '--force', '--tags', 'origin', branch)
  return git('rev-parse', 'HEAD')
}

function environment(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Test',
    GIT_AUTHOR_EMAIL: 'test@example.com',
    GIT_COMMITTER_NAME: 'Test',
    GIT_COMMITTER_EMAIL: 'test@example.com',
  }
}

/** Speaks CGI with git's own server program. */
function serve(backend: string, folder: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'https://localhost')
  const cgi = spawn(backend, [], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: header(request, 'git-protocol'),
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: header(request, 'content-type'),
      CONTENT_LENGTH: header(request, 'content-length'),
      HTTP_CONTENT_ENCODING: header(request, 'content-encoding'),
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  // The backend may answer before it read everything.
  cgi.stdin.on('error', () => {})
  cgi.on('error', () => response.writeHead(500).end())
  request.pipe(cgi.stdin)
  let head = Buffer.alloc(0)
  const readHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) return
    cgi.stdout.off('data', readHead)
    let status = 200
    for (const line of head.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(/:\s*/, 2)
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10)
      else response.setHeader(name, value)
    }
    response.writeHead(status)
    response.write(head.subarray(end + 4))
    cgi.stdout.pipe(response)
  }
  cgi.stdout.on('data', readHead)
  cgi.stdout.on('end', () => {
    if (!response.headersSent) response.writeHead(500).end()
  })
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
