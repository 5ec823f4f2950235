import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { AppError } from '@sluice/contracts/errors'
import {
  createLogDownloadLink,
  createLogUploadLink,
  downloadLog,
  LOG_BLOB_TYPE,
  LOG_LINES_TYPE,
  readLog,
  scanLog,
  uploadLogBlob,
} from '@sluice/contracts/logs'
import { publicPath } from '@sluice/contracts/routes'
import type { FastifyInstance } from 'fastify'
import type { LogServiceDeps } from '../../deps.ts'
import { registerPublic, registerReader } from '../../register.ts'
import { findReadable, noLog } from '../stream/authorize-reader.ts'
import { readByteRange, readBytes, readLineRange, readLines } from './read-range.ts'
import { readText } from './read-text.ts'
import { scanLines } from './scan-lines.ts'
import { requireClosed, storeUpload, uploadMaxBytes } from './store-blob.ts'

/** Routes of finished logs for lite engines: log token or signed link. */
export function registerBlobUploads(app: FastifyInstance, deps: LogServiceDeps): void {
  registerPublic(app, deps, createLogUploadLink, async ({ query, request }) => {
    const { accountId, key } = await deps.logTokens.read(request.headers.authorization, query.key)
    const head = await deps.store.find(accountId, key)
    if (head === undefined) throw noLog(key)
    requireClosed(head)
    const maxBytes = uploadMaxBytes(head)
    const { token, expiresAt } = await deps.links.sign('upload', { accountId, key, maxBytes })
    const base = deps.config.logServicePublicUrl?.replace(/\/$/, '') ?? ''
    return { link: `${base}${uploadLogBlob.path}?token=${token}`, expiresAt, maxBytes }
  })

  registerPublic(app, deps, uploadLogBlob, async ({ query, request }) => {
    const { accountId, key, maxBytes = 0 } = await deps.links.read('upload', query.token)
    if (!(request.body instanceof Readable)) {
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', `Send the log as ${LOG_BLOB_TYPE}.`)
    }
    const head = await deps.store.find(accountId, key)
    if (head === undefined) throw noLog(key)
    await storeUpload(deps, head, request.body, maxBytes)
    return { ackedSeq: head.ackedSeq }
  })
}

/** Routes of finished logs for people, through the gateway. */
export function registerBlobReaders(app: FastifyInstance, deps: LogServiceDeps): void {
  registerReader(app, deps, readLog, async ({ actor, query, request, reply }) => {
    const head = await findReadable(deps, actor, query.key)
    if (head === undefined) throw noLog(query.key)
    reply.type(LOG_LINES_TYPE).header('cache-control', 'private, no-store').header('x-content-type-options', 'nosniff')
    if (query.as === 'text') {
      reply
        .type('text/plain; charset=utf-8')
        .header('content-disposition', `attachment; filename="${fileNameOf(query.key)}.log"`)
      return reply.send(Readable.from(readText(deps.segments, head), { objectMode: false }))
    }
    if (query.lines !== undefined) {
      const range = readLineRange(query.lines, head.ackedSeq)
      reply.header('x-log-lines', `${range.from}-${range.to}/${head.ackedSeq}`)
      return reply.send(Readable.from(readLines(deps.segments, head, range), { objectMode: false }))
    }
    const range = readByteRange(request.headers.range, head.rawBytes)
    const { start, end } = range ?? { start: 0, end: head.rawBytes }
    reply.header('accept-ranges', 'bytes').header('content-length', end - start)
    if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${head.rawBytes}`)
    return reply.send(Readable.from(readBytes(deps.segments, head, { start, end }), { objectMode: false }))
  })

  registerReader(app, deps, scanLog, async ({ actor, query }) => {
    const head = await findReadable(deps, actor, query.key)
    if (head === undefined) throw noLog(query.key)
    return scanLines(deps.segments, head, query)
  })

  registerReader(app, deps, createLogDownloadLink, async ({ actor, query }) => {
    const head = await findReadable(deps, actor, query.key)
    if (head === undefined) throw noLog(query.key)
    const { token, expiresAt } = await deps.links.sign('download', { accountId: head.accountId, key: head.key })
    const path = publicPath('log-service', downloadLog.path) ?? downloadLog.path
    return { link: `${deps.config.publicUrl?.replace(/\/$/, '') ?? ''}${path}?token=${token}`, expiresAt }
  })

  registerPublic(app, deps, downloadLog, async ({ query, reply }) => {
    const { accountId, key } = await deps.links.read('download', query.token)
    const head = await deps.store.find(accountId, key)
    if (head === undefined) throw noLog(key)
    reply
      .type(LOG_BLOB_TYPE)
      .header('cache-control', 'private, no-store')
      .header('content-disposition', `attachment; filename="${fileNameOf(key)}.ndjson.gz"`)
    if (head.blobName !== undefined) return reply.send(deps.blobs.stream(head.blobName))
    const lines = readBytes(deps.segments, head, { start: 0, end: head.rawBytes })
    return reply.send(Readable.from(lines, { objectMode: false }).compose(createGzip()))
  })
}

/** Name of a log as a file, without its account. */
function fileNameOf(key: string): string {
  return key.split('/').slice(1).join('_')
}
