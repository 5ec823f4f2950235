import { AppError } from '@sluice/contracts/errors'
import type { StreamHead } from '../stream/stream-store.ts'
import type { SegmentReader } from './segment-reader.ts'

/** Bytes of the NDJSON, `end` excluded. */
export interface ByteRange {
  start: number
  end: number
}

/**
 * Reads the header `range`. Forms that this service does not serve (several ranges, other units) are ignored, as RFC 9110 asks.
 * @returns undefined: the whole
 * @throws AppError RANGE_NOT_SATISFIABLE with `details.total`
 */
export function readByteRange(header: string | undefined, total: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  const [, from = '', to = ''] = match ?? []
  if (match === null || (from === '' && to === '')) return undefined
  const start = from === '' ? Math.max(0, total - Number(to)) : Number(from)
  const end = from === '' || to === '' ? total : Math.min(Number(to) + 1, total)
  if (start >= end) {
    throw new AppError('RANGE_NOT_SATISFIABLE', `The log has ${total} bytes; "${header ?? ''}" is not among them.`, {
      details: { total },
    })
  }
  return { start, end }
}

/** Bytes of a log; unpacks only the segments that hold them. */
export async function* readBytes(segments: SegmentReader, head: StreamHead, range: ByteRange): AsyncGenerator<Buffer> {
  let position = range.start
  if (position >= range.end) return
  for await (const segment of segments.fromOffset(head, position)) {
    const skip = position - segment.rawOffset
    // The blob of a log may be formatted differently from its batches: then the reader has to ask again.
    if (skip < 0) throw new Error(`the log "${head.key}" was stored anew while it was read`)
    const bytes = (await segment.raw()).subarray(skip, range.end - segment.rawOffset)
    yield bytes
    position += bytes.length
    if (position >= range.end) return
  }
  throw new Error(`the log "${head.key}" ends at byte ${position}, before ${range.end}`)
}

/** Lines by seq, both ends included. */
export interface LineRange {
  from: number
  to: number
}

/**
 * Reads the query `lines=<from>-<to>`.
 * @throws AppError RANGE_NOT_SATISFIABLE with `details.total`
 */
export function readLineRange(text: string, total: number): LineRange {
  const [first = '', last = ''] = text.split('-')
  const from = Math.max(1, Number(first))
  const to = Math.min(Number(last), total)
  if (from > to || !Number.isSafeInteger(from)) {
    throw new AppError('RANGE_NOT_SATISFIABLE', `The log has ${total} lines; "${text}" is not among them.`, {
      details: { total },
    })
  }
  return { from, to }
}

/** NDJSON of lines; unpacks only the segments that hold them. */
export async function* readLines(segments: SegmentReader, head: StreamHead, range: LineRange): AsyncGenerator<Buffer> {
  for await (const segment of segments.from(head, range.from)) {
    const lines = await segment.lines()
    const wanted = lines.slice(Math.max(0, range.from - segment.firstSeq), range.to - segment.firstSeq + 1)
    if (wanted.length > 0) yield Buffer.from(`${wanted.join('\n')}\n`)
    if (segment.lastSeq >= range.to) return
  }
}
