import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { holdsToken, routeRequest } from './route-request.ts'
import { runBackend } from './run-backend.ts'

const run = promisify(execFile)
/** Each is a process. */
const REQUESTS_AT_ONCE = 16

export interface GitHostOptions {
  /** Bare repository; it may be made later. */
  folder: string
  /** Its name in the address, e.g. `shop-db.git`. */
  name: string
  /** TCP port on 127.0.0.1. */
  port: number
  /** PEM texts. */
  certificate: { certificate: string; key: string }
  /** Password that a push needs, by basic authentication with any user name. Reading needs none. */
  pushToken: string
}

export interface GitHost {
  /** `https://localhost:<port>/<name>` */
  url: string
  stop(): Promise<void>
}

/**
 * Serves one git repository over HTTPS on 127.0.0.1, with git's own server program.
 * @throws Error when git has no such program, or the port is taken
 */
export async function startGitHost(options: GitHostOptions): Promise<GitHost> {
  const program = await findBackend()
  const { certificate, key } = options.certificate
  const open = new Set<Promise<void>>()
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const call = routeRequest(options.name, request.method, request.url)
    if (call === undefined) {
      response.writeHead(404).end()
    } else if (call.needsToken && !holdsToken(request.headers.authorization, options.pushToken)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git push"' }).end()
    } else if (open.size >= REQUESTS_AT_ONCE) {
      response.writeHead(503, { 'retry-after': '1' }).end()
    } else {
      const answered = runBackend({ program, folder: options.folder }, call, request, response)
      open.add(answered)
      void answered.then(() => open.delete(answered))
    }
  }
  const server = createServer({ cert: certificate, key, minVersion: 'TLSv1.2' }, answer)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  return {
    url: `https://localhost:${options.port}/${options.name}`,
    stop: async () => {
      const closed = new Promise((resolve) => {
        server.close(resolve)
      })
      server.closeAllConnections()
      await closed
      await Promise.all(open)
    },
  }
}

async function findBackend(): Promise<string> {
  const { stdout } = await run('git', ['--exec-path'], { timeout: 10_000 })
  const program = join(stdout.trim(), 'git-http-backend')
  const exists = await stat(program).then(
    () => true,
    () => false,
  )
  if (!exists)
    throw new Error(
      'This machine\'s git comes without "git-http-backend". Install the git of your distribution or of git-scm.com.',
    )
  return program
}
