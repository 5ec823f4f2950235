import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BackendCall } from './route-request.ts'

/** A clone of what lies here takes less than a second. */
const ANSWER_WITHIN_MS = 60_000
const HEAD_LIMIT_BYTES = 64 * 1024
/** What of a request's head git may see: the shape of its text says that it is nothing else. */
const TOLD = [
  ['CONTENT_TYPE', 'content-type', /^application\/x-git-[a-z-]+$/],
  ['CONTENT_LENGTH', 'content-length', /^\d{1,12}$/],
  ['HTTP_CONTENT_ENCODING', 'content-encoding', /^gzip$/],
  ['GIT_PROTOCOL', 'git-protocol', /^version=[0-2]$/],
] as const

export interface Backend {
  /** `git-http-backend`. */
  program: string
  /** Bare repository. */
  folder: string
}

/**
 * Answers with git's own server program, by CGI. Its configuration is the repository's alone: nothing of the machine's or
 * the user's, no hooks. It ends with the request.
 */
export function runBackend(
  backend: Backend,
  call: BackendCall,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const child = spawn(backend.program, [], {
    env: backendEnvironment(backend, call, request),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_WITHIN_MS)
  // Who asked is gone: nobody needs the answer.
  response.once('close', () => child.kill('SIGTERM'))
  // The program may answer before it has read everything.
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)

  let head = Buffer.alloc(0)
  const readHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) {
      if (head.length > HEAD_LIMIT_BYTES) child.kill('SIGKILL')
      return
    }
    child.stdout.off('data', readHead)
    response.writeHead(...readCgiHead(head.subarray(0, end).toString('latin1')))
    response.write(head.subarray(end + 4))
    child.stdout.pipe(response)
  }
  child.stdout.on('data', readHead)

  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      if (!response.headersSent) response.writeHead(502)
      response.end()
      resolve()
    }
    child.once('error', end)
    child.once('close', end)
  })
}

function backendEnvironment(backend: Backend, call: BackendCall, request: IncomingMessage): NodeJS.ProcessEnv {
  const told = TOLD.flatMap(([variable, name, shape]) => {
    const value = request.headers[name]
    return typeof value === 'string' && shape.test(value) ? [[variable, value] as const] : []
  })
  const settings = [
    ['core.hooksPath', '/dev/null'],
    ['receive.fsckObjects', 'true'],
    ['receive.maxInputSize', String(64 * 1024 * 1024)],
    ['safe.directory', backend.folder],
  ]
  return {
    PATH: process.env['PATH'],
    LC_ALL: 'C',
    HOME: backend.folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
    GIT_PROJECT_ROOT: backend.folder,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `/${call.path}`,
    QUERY_STRING: call.query,
    REQUEST_METHOD: call.method,
    REMOTE_ADDR: '127.0.0.1',
    // Pushing is on for a named user only.
    ...(call.needsToken ? { REMOTE_USER: 'local' } : {}),
    ...Object.fromEntries(told),
  }
}

function readCgiHead(text: string): [status: number, headers: Record<string, string>] {
  let status = 200
  const headers: Record<string, string> = {}
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'status') status = Number.parseInt(value, 10)
    else headers[name] = value
  }
  return [status, headers]
}
