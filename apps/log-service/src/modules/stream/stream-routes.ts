import { Readable } from 'node:stream'
import { AppError } from '@sluice/contracts/errors'
import { appendLogLines, closeLog, LOG_BATCH_MAX_BYTES, LOG_LINES_TYPE, streamLog } from '@sluice/contracts/logs'
import type { FastifyInstance } from 'fastify'
import type { LogServiceDeps } from '../../deps.ts'
import { registerPublic, registerReader } from '../../register.ts'
import { appendLines } from './append-lines.ts'
import { findReadable } from './authorize-reader.ts'
import { readBatch } from './batch.ts'
import { closeLogAt } from './close-log.ts'
import { followLog } from './follow-log.ts'

/** Routes of live logs for lite engines: log token. */
export function registerStreamWriters(app: FastifyInstance, deps: LogServiceDeps): void {
  registerPublic(app, deps, appendLogLines, async ({ query, request }) => {
    const owner = await deps.logTokens.read(request.headers.authorization, query.key)
    const { body } = request
    if (!Buffer.isBuffer(body)) throw new AppError('UNSUPPORTED_MEDIA_TYPE', `Send the lines as ${LOG_LINES_TYPE}.`)
    const batch = await readBatch(body, request.headers['content-encoding'])
    const ack = await appendLines(deps, owner, batch)
    if (batch !== undefined) {
      deps.counters.lines.inc(batch.lines.length)
      deps.counters.bytes.inc(batch.rawSize)
    }
    return ack
  })

  registerPublic(app, deps, closeLog, async ({ query, body, request }) => {
    const owner = await deps.logTokens.read(request.headers.authorization, query.key)
    return closeLogAt(deps, owner, body.lastSeq)
  })
}

/** Media types of the writers' bodies. A blob is streamed to disk; a batch is small. */
export function registerBodies(app: FastifyInstance, blobType: string): void {
  app.addContentTypeParser(
    LOG_LINES_TYPE,
    { parseAs: 'buffer', bodyLimit: LOG_BATCH_MAX_BYTES },
    (_request, body, done) => done(null, body),
  )
  app.addContentTypeParser(blobType, (_request, payload, done) => done(null, payload))
}

/** The live log for people, through the gateway. */
export function registerStreamReaders(app: FastifyInstance, deps: LogServiceDeps): void {
  registerReader(app, deps, streamLog, async ({ actor, query, request, reply, signal }) => {
    // Refusals come as an HTTP status; later ones as an event.
    await findReadable(deps, actor, query.key)
    const seat = deps.readers.take(actor.accountId)
    const ends = AbortSignal.any([signal, seat.signal, AbortSignal.timeout(deps.config.limits.readerMaxMs)])
    reply.raw.once('close', seat.leave)
    const events = followLog(
      { ...deps, pingMs: deps.config.limits.pingMs },
      {
        actor,
        key: query.key,
        afterSeq: readLastEventId(request.headers['last-event-id']) ?? query.after ?? 0,
        signal: ends,
      },
    )
    return (
      reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        // Proxies in front of the gateway would collect events before they pass them on.
        .header('x-accel-buffering', 'no')
        .send(Readable.from(events, { objectMode: false }))
    )
  })
}

/** Seq of the last event that the reader has; undefined where it names none of ours. */
function readLastEventId(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined
}
