import { z } from 'zod'
import { defineRoute } from './routes.ts'

/** Key of a log stream: `<account>/<execution>/<node execution>/<attempt>`; made by the control plane. */
export const LogKey = z.string().regex(/^[A-Za-z0-9_-]{1,64}(\/[A-Za-z0-9_-]{1,64}){3,4}$/, 'must be a log key')
export type LogKey = z.infer<typeof LogKey>

/** Longest text of one line in characters; the maker of a longer line cuts it and says so. */
export const LOG_LINE_MAX = 65_536

export const LogLevel = z.enum(['debug', 'info', 'warn', 'error'])
export type LogLevel = z.infer<typeof LogLevel>

/** One line. `seq` counts from 1 without a gap; `time` is epoch ms; `unit` names the section; ANSI is kept in `text`. */
export const LogLine = z
  .object({
    seq: z.number().int().min(1),
    time: z.number().int(),
    level: LogLevel,
    text: z.string().max(LOG_LINE_MAX + 256),
    unit: z.string().max(64).optional(),
  })
  .meta({ id: 'LogLine' })
export type LogLine = z.infer<typeof LogLine>

/** Claims of a log token (JWT signed by ng-manager, audience `log-service`): append-only, this key prefix only. */
export const LogTokenClaims = z.object({ accountId: z.string(), prefix: z.string().max(512) })
export const LOG_TOKEN_AUDIENCE = 'log-service'

const KeyQuery = z.object({ key: LogKey })

/** Answer to an appended batch: everything up to `ackedSeq` is stored. */
export const LogAck = z.object({ ackedSeq: z.number().int().min(0) }).meta({ id: 'LogAck' })

/**
 * Appends a batch: NDJSON lines in order of seq, `content-encoding: gzip` welcome, `authorization: Bearer <log token>`.
 * The batch is stored before it is acknowledged. A batch whose lines are all stored is acknowledged again;
 * one that would leave a gap is refused with INVALID_REQUEST and `details.ackedSeq`. Public listener.
 */
export const appendLogLines = defineRoute({
  service: 'log-service',
  method: 'PUT',
  path: '/log-service/stream',
  operationId: 'appendLogLines',
  summary: 'Append a batch of lines to a live log',
  tag: 'Logs',
  auth: 'public',
  query: KeyQuery,
  response: LogAck,
  family: 'bare',
  errors: ['LOG_TOKEN_INVALID', 'INVALID_REQUEST'],
})

/** Says that no more lines come after `lastSeq`. Readers get the end marker. Public listener, log token. */
export const closeLog = defineRoute({
  service: 'log-service',
  method: 'POST',
  path: '/log-service/stream/close',
  operationId: 'closeLog',
  summary: 'End a live log',
  tag: 'Logs',
  auth: 'public',
  query: KeyQuery,
  body: z.object({ lastSeq: z.number().int().min(0) }),
  response: LogAck,
  family: 'bare',
  errors: ['LOG_TOKEN_INVALID', 'INVALID_REQUEST'],
})

/** Asks for a PUT-only link for the finished log (gzip NDJSON). Public listener, log token. */
export const createLogUploadLink = defineRoute({
  service: 'log-service',
  method: 'POST',
  path: '/log-service/blob/link/upload',
  operationId: 'createLogUploadLink',
  summary: 'Ask for a link to upload a finished log',
  tag: 'Logs',
  auth: 'public',
  query: KeyQuery,
  response: z.object({
    link: z.string().describe('PUT the gzip bytes here; relative links are below the log service itself'),
    expiresAt: z.number().int(),
    maxBytes: z.number().int(),
  }),
  family: 'bare',
  errors: ['LOG_TOKEN_INVALID'],
})

/** Live log as server-sent events: `id` = seq, `data` = LogLine JSON, `event: end` at the end. `Last-Event-ID` resumes. */
export const streamLog = defineRoute({
  service: 'log-service',
  method: 'GET',
  path: '/log-service/stream',
  operationId: 'streamLog',
  summary: 'Follow a log live (server-sent events; Last-Event-ID resumes)',
  tag: 'Logs',
  auth: 'permission',
  permission: 'core_pipeline_view',
  query: KeyQuery,
  responseType: 'sse',
  family: 'bare',
  errors: ['ENTITY_NOT_FOUND'],
})

/** Finished (or so far stored) log as NDJSON; `Range: bytes=` and `lines=<from>-<to>` (by seq) read a part. */
export const readLog = defineRoute({
  service: 'log-service',
  method: 'GET',
  path: '/log-service/blob',
  operationId: 'readLog',
  summary: 'Read a stored log, whole or a range of it',
  tag: 'Logs',
  auth: 'permission',
  permission: 'core_pipeline_view',
  query: z.object({
    key: LogKey,
    lines: z
      .string()
      .regex(/^\d+-\d+$/)
      .optional(),
  }),
  responseType: 'bytes',
  family: 'bare',
  errors: ['ENTITY_NOT_FOUND', 'RANGE_NOT_SATISFIABLE'],
})

/** Asks for a signed link that downloads the finished log from anywhere for five minutes. */
export const createLogDownloadLink = defineRoute({
  service: 'log-service',
  method: 'POST',
  path: '/log-service/blob/link/download',
  operationId: 'createLogDownloadLink',
  summary: 'Ask for a signed link to download a finished log',
  tag: 'Logs',
  auth: 'permission',
  permission: 'core_pipeline_view',
  query: KeyQuery,
  response: z.object({ link: z.string(), expiresAt: z.number().int() }),
  family: 'bare',
  errors: ['ENTITY_NOT_FOUND'],
})
