import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { AppError } from '@sluice/contracts/errors'
import { LOG_BATCH_MAX_LINES, LOG_BATCH_MAX_RAW_BYTES, LogLine } from '@sluice/contracts/logs'

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/** Fast: what the sender did not compress is compressed for the disk's sake only. */
const OWN_LEVEL = { level: 1 }

/** Consecutive lines, checked, and the bytes that are stored for them. */
export interface Batch {
  firstSeq: number
  lastSeq: number
  /** Each line's JSON, without its line feed. */
  lines: readonly string[]
  /** NDJSON, gzip: as it was sent where that was canonical. */
  gzip: Buffer
  /** Size of the NDJSON. */
  rawSize: number
}

/**
 * Reads a batch as it was sent: NDJSON, optionally gzip.
 * @returns undefined where it holds no line
 * @throws AppError INVALID_REQUEST that names the line, BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
 */
export async function readBatch(body: Buffer, encoding: string | undefined): Promise<Batch | undefined> {
  const raw = await decode(body, encoding)
  if (raw.length > LOG_BATCH_MAX_RAW_BYTES) throw tooLarge()
  if (!isUtf8(raw)) throw new AppError('INVALID_REQUEST', 'The batch is not UTF-8. Send each line as JSON in UTF-8.')
  const text = raw.toString('utf8')
  const lines = text.split('\n')
  const endsWell = lines.at(-1) === ''
  if (endsWell) lines.pop()
  // A carriage return would end a field of a server-sent event; blank lines would shift the seqs.
  const canonical = endsWell && !text.includes('\r') && !lines.includes('')
  const kept = canonical ? lines : lines.map((line) => line.trim()).filter((line) => line !== '')
  const [first] = kept
  if (first === undefined) return undefined
  if (kept.length > LOG_BATCH_MAX_LINES) {
    throw new AppError('BODY_TOO_LARGE', `The batch has ${kept.length} lines; send at most ${LOG_BATCH_MAX_LINES}.`)
  }
  const firstSeq = parseLine(first, 1).seq
  for (let index = 1; index < kept.length; index += 1) {
    const { seq } = parseLine(kept[index] ?? '', index + 1)
    if (seq !== firstSeq + index) {
      throw new AppError(
        'INVALID_REQUEST',
        `Line ${index + 1} of the batch has seq ${seq}, but ${firstSeq + index} comes next. Number the lines without a gap.`,
      )
    }
  }
  if (canonical && encoding === 'gzip') {
    return { firstSeq, lastSeq: firstSeq + kept.length - 1, lines: kept, gzip: body, rawSize: raw.length }
  }
  return packBatch(firstSeq, kept)
}

/** The batch without the lines before `firstSeq`, which must be among its own. */
export async function trimBatch(batch: Batch, firstSeq: number): Promise<Batch> {
  return packBatch(firstSeq, batch.lines.slice(firstSeq - batch.firstSeq))
}

/** Lines of stored bytes, each without its line feed. */
export async function unpackLines(stored: Buffer): Promise<string[]> {
  const lines = (await decompress(stored)).toString('utf8').split('\n')
  lines.pop()
  return lines
}

/** NDJSON of stored bytes. */
export async function unpackRaw(stored: Buffer): Promise<Buffer> {
  return decompress(stored)
}

/**
 * Checks one line of NDJSON.
 * @throws AppError INVALID_REQUEST that names line `number`
 */
export function parseLine(text: string, number: number): LogLine {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new AppError('INVALID_REQUEST', `Line ${number} is not JSON. Send one JSON object per line.`, { cause })
  }
  const line = LogLine.safeParse(json)
  if (line.success) return line.data
  const [issue] = line.error.issues
  throw new AppError(
    'INVALID_REQUEST',
    `Line ${number} is not a log line: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'wrong shape'}.`,
  )
}

async function packBatch(firstSeq: number, lines: readonly string[]): Promise<Batch> {
  const raw = Buffer.from(`${lines.join('\n')}\n`)
  return {
    firstSeq,
    lastSeq: firstSeq + lines.length - 1,
    lines,
    gzip: await compress(raw, OWN_LEVEL),
    rawSize: raw.length,
  }
}

async function decode(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return body
  if (encoding !== 'gzip') {
    throw new AppError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The content encoding "${encoding}" is not known here. Send the batch with "gzip" or without.`,
    )
  }
  try {
    return await decompress(body, { maxOutputLength: LOG_BATCH_MAX_RAW_BYTES })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(cause)
    throw new AppError('INVALID_REQUEST', 'The batch is not gzip, or is cut off. Send it again.', { cause })
  }
}

function tooLarge(cause?: unknown): AppError {
  return new AppError(
    'BODY_TOO_LARGE',
    `The batch has more than ${LOG_BATCH_MAX_RAW_BYTES} bytes of lines. Send smaller batches.`,
    { cause },
  )
}
