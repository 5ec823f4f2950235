import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Agent, request, type Dispatcher } from 'undici'
import { z } from 'zod'
import { LogServiceError } from './log-service-error.ts'
import {
  LOG_BLOB_TYPE,
  LOG_LINES_TYPE,
  LogAck,
  appendLogLines,
  closeLog,
  createLogUploadLink,
} from '@sluice/contracts/logs'

const compress = promisify(gzip)
const CALL_WITHIN_MS = 15_000
const UPLOAD_WITHIN_MS = 120_000
/** Lines are plain text: the fastest level takes most of what there is to gain. */
const COMPRESSION = { level: 1 }
const Refusal = z.object({
  code: z.string().optional(),
  message: z.string().optional(),
  details: z
    .object({ ackedSeq: z.number().int().min(0), closedSeq: z.number().int().optional() })
    .partial()
    .optional(),
})
const UploadLink = z.object({ link: z.string(), maxBytes: z.number() })

/** Calls of one pod to the log service's public listener. Each has a timeout; an abort of `signal` cancels it. */
export interface LogClient {
  /** Appends NDJSON lines; answers the last stored number. @throws LogServiceError, or an error of the network. */
  append(key: string, token: string, lines: Buffer, signal: AbortSignal): Promise<number>
  close(key: string, token: string, lastSeq: number, signal: AbortSignal): Promise<void>
  /** Uploads a gzip file to a link made for it. @throws LogServiceError, also when the file is larger than the link allows. */
  upload(key: string, token: string, file: string, signal: AbortSignal): Promise<void>
  /** The same client, whose calls belong to this trace; empty: to none. */
  inTrace(traceparent: string): LogClient
  destroy(): Promise<void>
}

export function createLogClient(receiver: { url: string; caPem: string }): LogClient {
  const agent = new Agent({
    connect: receiver.caPem === '' ? {} : { ca: receiver.caPem },
    keepAliveTimeout: 30_000,
    connections: 4,
  })
  return clientOn(agent, receiver.url, '')
}

function clientOn(agent: Agent, receiverUrl: string, traceparent: string): LogClient {
  const call = async (
    method: 'PUT' | 'POST',
    url: URL,
    options: { token?: string; headers?: Record<string, string>; body?: Dispatcher.DispatchOptions['body'] },
    signal: AbortSignal,
    withinMs: number,
  ): Promise<unknown> => {
    const response = await request(url, {
      method,
      dispatcher: agent,
      headers: {
        ...(traceparent === '' ? {} : { traceparent }),
        ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
        ...options.headers,
      },
      body: options.body ?? null,
      signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]),
    })
    const text = await response.body.text()
    if (response.statusCode >= 200 && response.statusCode < 300) return text === '' ? undefined : readJson(text)
    const refusal = Refusal.safeParse(readJson(text))
    const message = refusal.data?.message ?? `the log service answered with HTTP ${response.statusCode}`
    throw new LogServiceError(response.statusCode, message, refusal.data?.details)
  }
  const url = (path: string, key: string): URL => {
    const target = new URL(path, receiverUrl)
    target.searchParams.set('key', key)
    return target
  }
  return {
    append: async (key, token, lines, signal) => {
      const body = await compress(lines, COMPRESSION)
      const headers = { 'content-type': LOG_LINES_TYPE, 'content-encoding': 'gzip' }
      const answer = await call('PUT', url(appendLogLines.path, key), { token, headers, body }, signal, CALL_WITHIN_MS)
      return LogAck.parse(answer).ackedSeq
    },
    close: async (key, token, lastSeq, signal) => {
      const body = JSON.stringify({ lastSeq })
      const headers = { 'content-type': 'application/json' }
      await call('POST', url(closeLog.path, key), { token, headers, body }, signal, CALL_WITHIN_MS)
    },
    upload: async (key, token, file, signal) => {
      const answer = await call('POST', url(createLogUploadLink.path, key), { token }, signal, CALL_WITHIN_MS)
      const { link, maxBytes } = UploadLink.parse(answer)
      const { size } = await stat(file)
      if (size > maxBytes) throw new LogServiceError(413, `the log has ${size} bytes, the link takes ${maxBytes}`)
      const headers = { 'content-type': LOG_BLOB_TYPE, 'content-length': String(size) }
      const body = createReadStream(file)
      await call('PUT', new URL(link, receiverUrl), { headers, body }, signal, UPLOAD_WITHIN_MS)
    },
    inTrace: (other) => clientOn(agent, receiverUrl, other),
    destroy: () => agent.destroy(),
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A proxy's page: the status code says enough.
    return undefined
  }
}
