import { createServer } from 'node:https'
import { gunzipSync } from 'node:zlib'
import { LogLine } from '@sluice/contracts/logs'
import type { TestCa } from './make-test-ca.ts'

/** What arrived for one log key. */
export interface ReceivedLog {
  lines: LogLine[]
  /** `lastSeq` of the close. */
  closedAt: number | undefined
  uploaded: LogLine[] | undefined
}

/** The delegate-facing contract of the log service, recorded: what arrives, and how it may go wrong. */
export interface LogReceiver {
  url: string
  /** The log of a key; empty when nothing arrived. */
  log(key: string): ReceivedLog
  logs: ReadonlyMap<string, ReceivedLog>
  calls: string[]
  tokens: Set<string>
  /** Answers this many requests with 503. */
  failNext: number
  /** Refuses every request with this status. */
  refuseWith: number | undefined
  /** Acknowledges nothing after this number once: as a service that lost its last batches. */
  forgetAfter: number | undefined
  dispose(): Promise<void>
}

export async function startLogReceiver(ca: TestCa): Promise<LogReceiver> {
  const certificate = await ca.certificateFor({ dns: ['localhost'], ips: ['127.0.0.1'] })
  const readLines = (bytes: Buffer): LogLine[] =>
    gunzipSync(bytes)
      .toString('utf8')
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => LogLine.parse(JSON.parse(text)))
  const server = createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { pathname: path, searchParams } = new URL(request.url ?? '', 'https://localhost')
      const key = searchParams.get('key') ?? ''
      const log = receiver.log(key)
      const answer = (status: number, body: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      }
      receiver.calls.push(`${request.method} ${path}`)
      receiver.tokens.add(request.headers.authorization ?? '')
      if (receiver.failNext > 0) {
        receiver.failNext -= 1
        answer(503, { code: 'SERVICE_UNAVAILABLE', message: 'not now', correlationId: '-' })
        return
      }
      if (receiver.refuseWith !== undefined) {
        answer(receiver.refuseWith, { code: 'LOG_TOKEN_INVALID', message: 'the token ended', correlationId: '-' })
        return
      }
      const body = Buffer.concat(chunks)
      if (path === '/log-service/stream') {
        const batch = readLines(body)
        if (receiver.forgetAfter !== undefined) {
          log.lines.length = receiver.forgetAfter
          receiver.forgetAfter = undefined
        }
        const first = batch[0]?.seq ?? 1
        if (first > log.lines.length + 1) {
          answer(400, { code: 'INVALID_REQUEST', message: 'gap', details: { ackedSeq: log.lines.length } })
          return
        }
        log.lines.push(...batch.filter((line) => line.seq > log.lines.length))
        answer(200, { ackedSeq: log.lines.length })
      } else if (path === '/log-service/stream/close') {
        log.closedAt = (JSON.parse(body.toString('utf8')) as { lastSeq: number }).lastSeq
        answer(200, { ackedSeq: log.lines.length })
      } else if (path === '/log-service/blob/link/upload') {
        answer(200, {
          link: `/log-service/blob/put?key=${encodeURIComponent(key)}&signature=x`,
          expiresAt: Date.now() + 60_000,
          maxBytes: 50_000_000,
        })
      } else {
        log.uploaded = readLines(body)
        answer(200, {})
      }
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const logs = new Map<string, ReceivedLog>()
  const receiver: LogReceiver = {
    url: `https://localhost:${typeof address === 'object' && address ? address.port : 0}`,
    logs,
    log: (key) => {
      const log = logs.get(key) ?? { lines: [], closedAt: undefined, uploaded: undefined }
      logs.set(key, log)
      return log
    },
    calls: [],
    tokens: new Set(),
    failNext: 0,
    refuseWith: undefined,
    forgetAfter: undefined,
    dispose: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}
