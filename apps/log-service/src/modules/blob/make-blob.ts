import { createHash, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { AppError } from '@sluice/contracts/errors'
import { LOG_LINE_MAX } from '@sluice/contracts/logs'
import { parseLine } from '../stream/batch.ts'
import type { BlobBlock } from './block-index.ts'

const compress = promisify(gzip)

/** NDJSON of one block: what a range read has to unpack at least. */
const BLOCK_BYTES = 262_144
/** A character takes six bytes at most in JSON (`\u001b`); the rest is for the other fields. */
const LINE_MAX_BYTES = LOG_LINE_MAX * 6 + 4_096

/** Checks a whole log on its way into a blob. */
export interface BlobMaker {
  /** The blob's bytes: one gzip member per block. Consume it once. */
  bytes: AsyncIterable<Buffer>
  /** Index of what `bytes` has yielded. */
  blocks: readonly BlobBlock[]
  /** Last seq that `bytes` has yielded, 0 before the first. */
  readonly lastSeq: number
}

/**
 * Cuts NDJSON into blocks that can be read on their own.
 * @param source NDJSON of a whole log, from line 1 on, in pieces of any size
 * `bytes` throws AppError INVALID_REQUEST where a line is missing, doubled, too long or no log line
 */
export function makeBlob(source: AsyncIterable<Buffer>): BlobMaker {
  const blocks: BlobBlock[] = []
  let lastSeq = 0
  let rawOffset = 0
  let blobOffset = 0
  let lines: Buffer[] = []
  let rawSize = 0
  let firstSeq = 1

  const finishBlock = async (): Promise<Buffer> => {
    const bytes = await compress(Buffer.concat(lines))
    blocks.push({ firstSeq, lastSeq, rawOffset, rawSize, blobOffset, blobSize: bytes.length })
    rawOffset += rawSize
    blobOffset += bytes.length
    firstSeq = lastSeq + 1
    lines = []
    rawSize = 0
    return bytes
  }

  async function* generate(): AsyncGenerator<Buffer> {
    for await (const given of splitLines(source)) {
      // A carriage return is legal white space in JSON, but would end a field of a server-sent event.
      const line = given.includes(13) ? Buffer.from(given.toString('utf8').replaceAll('\r', '')) : given
      const { seq } = parseLine(line.toString('utf8'), lastSeq + 1)
      if (seq !== lastSeq + 1) {
        throw new AppError(
          'INVALID_REQUEST',
          `The log has line ${seq} where line ${lastSeq + 1} comes next. Send every line once, in order.`,
        )
      }
      if (rawSize > 0 && rawSize + line.length > BLOCK_BYTES) yield await finishBlock()
      lastSeq = seq
      lines.push(line)
      rawSize += line.length
    }
    if (rawSize > 0) yield await finishBlock()
  }

  return {
    bytes: generate(),
    blocks,
    get lastSeq() {
      return lastSeq
    },
  }
}

/** A name that no other blob has; the key itself is not safe as a file name. */
export function newBlobName(accountId: string, key: string): string {
  return `${accountId}/${createHash('sha256').update(key).digest('hex').slice(0, 32)}-${randomUUID()}.ndjson.gz`
}

/** Lines with their line feed; blank ones are left out. */
async function* splitLines(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  let begunBytes = 0
  for await (const piece of source) {
    let from = 0
    for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, from)) {
      const rest = piece.subarray(from, end + 1)
      const line = begun.length === 0 ? rest : Buffer.concat([...begun, rest])
      begun = []
      begunBytes = 0
      from = end + 1
      if (line.length > 1) yield line
    }
    if (from === piece.length) continue
    begun.push(piece.subarray(from))
    begunBytes += piece.length - from
    if (begunBytes > LINE_MAX_BYTES) {
      throw new AppError('INVALID_REQUEST', `A line of the log has more than ${LINE_MAX_BYTES} bytes. Cut long lines.`)
    }
  }
  if (begunBytes > 0) yield Buffer.concat([...begun, Buffer.from('\n')])
}
