import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { AppError, isAppError } from '@sluice/contracts/errors'
import type { StreamHead, StreamStore } from '../stream/stream-store.ts'
import type { BlobStore } from './blob-store.ts'
import type { BlockIndex } from './block-index.ts'
import { makeBlob, newBlobName } from './make-blob.ts'
import type { SegmentReader } from './segment-reader.ts'

export interface StoreBlobDeps {
  store: StreamStore
  index: BlockIndex
  blobs: BlobStore
  segments: SegmentReader
}

/** Room for a sender that formats its JSON a little differently from its batches. */
const SLACK_BYTES = 65_536

/** Most bytes that the upload of a log may have: gzip never makes it larger than the lines were. */
export function uploadMaxBytes(head: StreamHead): number {
  return head.rawBytes + SLACK_BYTES
}

/**
 * Stores an uploaded log: unpacks it, checks that it holds every line, stores it in blocks, and only then lets the chunks go.
 * @param upload gzip NDJSON
 * @throws AppError INVALID_STATE (not closed), INVALID_REQUEST (not the whole log), BODY_TOO_LARGE
 */
export async function storeUpload(
  deps: StoreBlobDeps,
  head: StreamHead,
  upload: Readable,
  maxBytes: number,
): Promise<void> {
  requireClosed(head)
  if (head.storedAt !== undefined) return void upload.resume()
  try {
    await pipeline(
      // Not the stream itself: a failed pipeline would destroy it, and with it the connection that the answer needs.
      limit(upload.iterator({ destroyOnReturn: false }), maxBytes, 'as sent'),
      createGunzip(),
      async (unpacked: AsyncIterable<Buffer>) => {
        // Against bombs: it can't hold much more than the lines that were streamed.
        await storeBlob(deps, head, limit(unpacked, head.rawBytes * 2 + SLACK_BYTES, 'of lines'))
      },
    )
  } catch (error) {
    upload.resume()
    if (isAppError(error) || !isGzipError(error)) throw error
    throw new AppError('INVALID_REQUEST', 'The upload is not gzip, or is cut off. Send it again.', { cause: error })
  }
}

/** Makes the blob of a closed log from its chunks, where nobody uploaded it. */
export async function storeFromChunks(deps: StoreBlobDeps, head: StreamHead): Promise<void> {
  if (head.closedSeq === 0) return deps.index.adoptEmpty(head.accountId, head.key)
  const { segments } = deps
  async function* raw(): AsyncGenerator<Buffer> {
    for await (const segment of segments.from(head, 1)) yield await segment.raw()
  }
  await storeBlob(deps, head, raw())
}

/** @throws AppError INVALID_STATE */
export function requireClosed(head: StreamHead): void {
  if (head.closedSeq !== undefined) return
  throw new AppError('INVALID_STATE', `The log "${head.key}" is still open. Close it, then upload it.`)
}

async function storeBlob(deps: StoreBlobDeps, head: StreamHead, ndjson: AsyncIterable<Buffer>): Promise<void> {
  const { accountId, key } = head
  const blobName = newBlobName(accountId, key)
  const blob = makeBlob(ndjson)
  await deps.blobs.write(blobName, blob.bytes)
  let adopted = false
  try {
    if (blob.lastSeq !== head.closedSeq) {
      throw new AppError(
        'INVALID_REQUEST',
        `The blob ends at line ${blob.lastSeq}, but the log "${key}" has ${head.closedSeq ?? 0}. Send the whole log.`,
        { details: { lastSeq: blob.lastSeq, closedSeq: head.closedSeq } },
      )
    }
    adopted =
      blob.lastSeq > 0 &&
      (await deps.index.adopt({ accountId, key, blobName, lastSeq: blob.lastSeq, blocks: blob.blocks }))
    if (blob.lastSeq === 0) await deps.index.adoptEmpty(accountId, key)
  } finally {
    if (!adopted) await deps.blobs.remove(blobName)
  }
}

async function* limit(source: AsyncIterable<Buffer>, maxBytes: number, what: string): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const piece of source) {
    bytes += piece.length
    if (bytes > maxBytes) {
      throw new AppError('BODY_TOO_LARGE', `The upload has more than ${maxBytes} bytes ${what}. Send this log only.`)
    }
    yield piece
  }
}

function isGzipError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^Z_|^ERR_ZLIB/.test(String(error.code))
}
