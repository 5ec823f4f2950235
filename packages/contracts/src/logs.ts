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

/**
 * Claims of a log token (JWT signed by ng-manager, audience `log-service`): append-only, this key prefix only. With
 * `within` only below the prefix's children of these names: the node executions whose steps run in one pod.
 * `orgIdentifier` and `projectIdentifier` say who may read the log: holders of `core_pipeline_view` there. Without
 * them only a role in the whole account reads it.
 */
export const LogTokenClaims = z.object({
  accountId: z.string().max(64),
  prefix: z.string().max(512),
  within: z.array(z.string().min(1).max(64)).max(65).optional(),
  orgIdentifier: z.string().max(128).optional(),
  projectIdentifier: z.string().max(128).optional(),
})
export type LogTokenClaims = z.infer<typeof LogTokenClaims>
export const LOG_TOKEN_AUDIENCE = 'log-service'

/** Most lines of one batch. */
export const LOG_BATCH_MAX_LINES = 20_000
/** Most bytes of a batch as sent (compressed or not). */
export const LOG_BATCH_MAX_BYTES = 1_048_576
/** Most bytes of a batch after decompression. */
export const LOG_BATCH_MAX_RAW_BYTES = 4_194_304
/** Media type of lines, one JSON object each, ended by a line feed. */
export const LOG_LINES_TYPE = 'application/x-ndjson'
/** Media type of an uploaded finished log. */
export const LOG_BLOB_TYPE = 'application/gzip'

/** Data of the server-sent event `end`: nothing comes after this seq (0: the log is empty). */
export const LogEnd = z.object({ lastSeq: z.number().int().min(0) }).meta({ id: 'LogEnd' })
export type LogEnd = z.infer<typeof LogEnd>

const KeyQuery = z.object({ key: LogKey })
/** Signed token of an upload or download link. */
const LinkQuery = z.object({ token: z.string().min(1).max(8192) })

/** Answer to an appended batch: everything up to `ackedSeq` is stored. */
export const LogAck = z.object({ ackedSeq: z.number().int().min(0) }).meta({ id: 'LogAck' })
export type LogAck = z.infer<typeof LogAck>

/**
 * Appends a batch: NDJSON lines in order of seq, `content-encoding: gzip` welcome, `authorization: Bearer <log token>`.
 * The batch is stored before it is acknowledged. A batch whose lines are all stored is acknowledged again; of one that
 * overlaps only the new lines are stored; one that would leave a gap, or that comes after the log was closed, is refused
 * with INVALID_REQUEST and `details.ackedSeq`. Content type {@link LOG_LINES_TYPE}. Public listener.
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
  errors: ['LOG_TOKEN_INVALID', 'INVALID_REQUEST', 'BODY_TOO_LARGE', 'TOO_MANY_REQUESTS'],
})

/** Says that no more lines come after `lastSeq`. Readers get the end marker. Closing again with the same seq is fine. Public listener, log token. */
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

/**
 * Asks for a PUT-only link for the finished log (gzip NDJSON, content type {@link LOG_BLOB_TYPE}); close the log first.
 * Public listener, log token.
 */
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
  errors: ['LOG_TOKEN_INVALID', 'ENTITY_NOT_FOUND', 'INVALID_STATE'],
})

/**
 * Takes the finished log at a link of {@link createLogUploadLink}: gzip NDJSON of every line from seq 1 to the last, in
 * order, content type {@link LOG_BLOB_TYPE}, no `content-encoding`. Only when every line is there are the stored batches
 * let go. The same upload again is fine. Public listener; the link is the permission.
 */
export const uploadLogBlob = defineRoute({
  service: 'log-service',
  method: 'PUT',
  path: '/log-service/blob/upload',
  operationId: 'uploadLogBlob',
  summary: 'Upload a finished log at a signed link',
  tag: 'Logs',
  auth: 'public',
  query: LinkQuery,
  response: LogAck,
  family: 'bare',
  errors: ['LINK_INVALID', 'INVALID_REQUEST', 'BODY_TOO_LARGE', 'INVALID_STATE', 'UNSUPPORTED_MEDIA_TYPE'],
})

/**
 * Live log as server-sent events: `id` = seq, `data` = LogLine JSON, `event: end` with {@link LogEnd} at the end.
 * `Last-Event-ID` resumes. Waits where nothing has been written yet. Ends without `end` after an hour: connect again.
 */
export const streamLog = defineRoute({
  service: 'log-service',
  method: 'GET',
  path: '/log-service/stream',
  operationId: 'streamLog',
  summary: 'Follow a log live (server-sent events; Last-Event-ID resumes)',
  tag: 'Logs',
  auth: 'permission',
  permission: 'core_pipeline_view',
  query: KeyQuery.extend({
    /** Lines after this seq only. `Last-Event-ID`, which a browser sends when it connects again, goes before it. */
    after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  }),
  responseType: 'sse',
  family: 'bare',
  errors: ['ENTITY_NOT_FOUND'],
})

/**
 * Finished (or so far stored) log as NDJSON; `Range: bytes=<from>-<to>` and `lines=<from>-<to>` (by seq, both ends
 * included) read a part. Header `x-log-lines: <from>-<to>/<stored so far>` comes with `lines`. `as=text` answers the
 * whole as a text file for people: a line each, with its time and without control sequences.
 */
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
    as: z.enum(['ndjson', 'text']).default('ndjson'),
  }),
  responseType: 'bytes',
  family: 'bare',
  errors: ['ENTITY_NOT_FOUND', 'RANGE_NOT_SATISFIABLE'],
})

/** A stretch of lines of one unit, one after the other. */
export const LogSection = z
  .object({
    unit: z.string(),
    firstSeq: z.number().int(),
    lastSeq: z.number().int(),
    /** Worst level among its lines. */
    level: LogLevel,
  })
  .meta({ id: 'LogSection' })
export type LogSection = z.infer<typeof LogSection>

/** Lines that one request of {@link scanLog} looks at, at most. A longer log takes several. */
export const LOG_SCAN_LINES = 200_000
/** Matches that one request answers, at most. */
export const LOG_SCAN_MATCHES = 1_000

/**
 * Looks through a log on the server, so that nobody has to download a million lines to search them: seqs of the lines
 * that hold `search` (without regard to case or control sequences), and the sections by unit. It looks at
 * {@link LOG_SCAN_LINES} at most; `nextSeq` says where the next request goes on, and is absent at the end.
 */
export const scanLog = defineRoute({
  service: 'log-service',
  method: 'GET',
  path: '/log-service/scan',
  operationId: 'scanLog',
  summary: 'Search a log, and list its sections',
  tag: 'Logs',
  auth: 'permission',
  permission: 'core_pipeline_view',
  query: KeyQuery.extend({
    search: z.string().max(256).default(''),
    from: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).default(1),
  }),
  response: z.object({
    matches: z.array(z.number().int()),
    sections: z.array(LogSection),
    /** Lines stored so far. */
    total: z.number().int(),
    nextSeq: z.number().int().optional(),
  }),
  family: 'bare',
  errors: ['ENTITY_NOT_FOUND'],
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

/**
 * Downloads a finished log at a link of {@link createLogDownloadLink}, as a gzip NDJSON file. The link is the permission.
 *
 * For those who code against this file, what is newer than its first version: `LogTokenClaims` has the optional scope
 * (ng-manager should pass it); limits of a batch are constants; a log is closed before its upload link is asked for;
 * the PUT of the upload has the content type `application/gzip` and no `content-encoding`; links may be relative to the
 * listener that gave them; `event: end` carries `{ lastSeq }`; `uploadLogBlob` and `downloadLog` are new.
 */
export const downloadLog = defineRoute({
  service: 'log-service',
  method: 'GET',
  path: '/log-service/blob/download',
  operationId: 'downloadLog',
  summary: 'Download a finished log at a signed link',
  tag: 'Logs',
  auth: 'public',
  query: LinkQuery,
  responseType: 'bytes',
  family: 'bare',
  errors: ['LINK_INVALID', 'ENTITY_NOT_FOUND'],
})
