import { unpackLines, unpackRaw } from '../stream/batch.ts'
import type { StreamHead, StreamStore } from '../stream/stream-store.ts'
import type { BlobStore } from './blob-store.ts'
import type { BlockIndex } from './block-index.ts'

/** A stretch of a log, wherever it is stored. */
export interface Segment {
  firstSeq: number
  lastSeq: number
  /** Place in the whole NDJSON. */
  rawOffset: number
  rawSize: number
  /** Each line's JSON. */
  lines(): Promise<string[]>
  /** NDJSON. */
  raw(): Promise<Buffer>
}

export interface SegmentReader {
  /** Stored segments from the one that holds `seq` on, until nothing more is stored. A few at a time are in memory. */
  from(head: StreamHead, seq: number): AsyncGenerator<Segment>
  /** The same from byte `offset` of the NDJSON on. */
  fromOffset(head: StreamHead, offset: number): AsyncGenerator<Segment>
}

/** Reads a log's lines from its chunks while it runs and from its blob afterwards, also where it changes under way. */
export function createSegmentReader(deps: { store: StreamStore; index: BlockIndex; blobs: BlobStore }): SegmentReader {
  const { store, index, blobs } = deps

  const segment = (
    place: Pick<Segment, 'firstSeq' | 'lastSeq' | 'rawOffset' | 'rawSize'>,
    bytes: () => Promise<Buffer>,
  ): Segment => ({
    ...place,
    lines: async () => unpackLines(await bytes()),
    raw: async () => unpackRaw(await bytes()),
  })

  /** Some segments from `position` on: those of the blob if it is there. */
  const page = async (head: StreamHead, by: 'seq' | 'offset', position: number): Promise<Segment[]> => {
    const { accountId, key, blobName } = head
    if (blobName !== undefined) {
      const blocks = await (by === 'seq'
        ? index.blocksFrom(accountId, key, position)
        : index.blocksFromOffset(accountId, key, position))
      return blocks.map((block) => segment(block, () => blobs.read(blobName, block.blobOffset, block.blobSize)))
    }
    const chunks = await (by === 'seq'
      ? store.chunksFrom(accountId, key, position)
      : store.chunksFromOffset(accountId, key, position))
    return chunks.map((chunk) => segment(chunk, async () => chunk.lines))
  }

  async function* walk(first: StreamHead, by: 'seq' | 'offset', start: number): AsyncGenerator<Segment> {
    let head = first
    let position = start
    for (;;) {
      const segments = await page(head, by, position)
      const last = segments.at(-1)
      if (last === undefined) {
        if (head.blobName !== undefined) return
        // No chunks: either that is all, or a blob has just taken their place.
        const now = await store.find(head.accountId, head.key)
        if (now?.blobName === undefined) return
        head = now
        continue
      }
      yield* segments
      position = by === 'seq' ? last.lastSeq + 1 : last.rawOffset + last.rawSize
    }
  }

  return {
    from: (head, seq) => walk(head, 'seq', seq),
    fromOffset: (head, offset) => walk(head, 'offset', offset),
  }
}
