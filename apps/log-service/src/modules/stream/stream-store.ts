import { createPrismaAdapter } from '@sluice/database'
import type { Pool } from 'pg'
import { z } from 'zod'
import { PrismaClient } from '../../generated/prisma/client.ts'
import type { Batch } from './batch.ts'

/** What is stored of a log. */
export interface StreamHead {
  accountId: string
  key: string
  orgIdentifier?: string
  projectIdentifier?: string
  ackedSeq: number
  /** Size of the NDJSON. */
  rawBytes: number
  closedSeq?: number
  /** Present once the blob has taken over from the chunks. */
  blobName?: string
  storedAt?: Date
}

/** Whose log it is, who may read it, and until when its writer holds a token. */
export interface StreamOwner {
  accountId: string
  key: string
  orgIdentifier?: string
  projectIdentifier?: string
  writableUntil: Date
}

/** A stored batch: a stretch of the log and its bytes (gzip). */
export interface StoredChunk {
  firstSeq: number
  lastSeq: number
  /** Place in the whole NDJSON. */
  rawOffset: number
  rawSize: number
  lines: Buffer
}

export interface StreamStore {
  /**
   * Stores a batch if it comes right after what is stored and the log is open; one statement, committed on return.
   * @returns false where it does not: nothing was changed
   */
  append(owner: StreamOwner, batch: Batch): Promise<boolean>
  /** Ends the log at `lastSeq` if that is the last stored line. Returns false where it is not or the log is closed. */
  close(owner: StreamOwner, lastSeq: number): Promise<boolean>
  find(accountId: string, key: string): Promise<StreamHead | undefined>
  /** Some chunks from the one that holds `seq` on, in order. */
  chunksFrom(accountId: string, key: string, seq: number): Promise<StoredChunk[]>
  /** Some chunks from the one that holds byte `offset` on, in order. */
  chunksFromOffset(accountId: string, key: string, offset: number): Promise<StoredChunk[]>
  /** Closed logs that nobody uploaded. */
  listUnstored(closedBefore: Date): Promise<StreamHead[]>
  /** Closes the logs whose writer's token ended before `now`, at what is stored of them. */
  closeExpired(now: Date): Promise<StreamHead[]>
  /** NDJSON bytes of the logs that the account began since `since`. */
  bytesSince(accountId: string, since: Date): Promise<number>
}

/** Chunks read at once: with 1 MiB at most each, what one reader may hold in memory. */
const CHUNKS_AT_ONCE = 8
/** Logs that a periodic task takes at once. */
const TASK_BATCH = 50

const seq = z.coerce.number().int()
const ChunkRow = z.object({
  firstSeq: seq,
  lastSeq: seq,
  rawOffset: seq,
  rawSize: z.number().int(),
  lines: z.instanceof(Buffer),
})
const CHUNK_COLUMNS = `first_seq as "firstSeq", last_seq as "lastSeq", raw_offset as "rawOffset", raw_size as "rawSize", lines`

// Both statements compare and set: of two writers, one finds its place taken and stores nothing.
const INSERT_CHUNK = `insert into chunk (account_id, key, first_seq, last_seq, raw_offset, raw_size, lines)
  select $1, $2, $3, $4, head.raw_bytes - $5::int, $5::int, $6 from head returning last_seq`
const FIRST_BATCH = `with head as (
    insert into stream (account_id, key, acked_seq, raw_bytes, org_identifier, project_identifier, writable_until)
    values ($1, $2, $4::bigint, $5::int, $7, $8, $9)
    on conflict (account_id, key) do update
      set acked_seq = excluded.acked_seq, raw_bytes = excluded.raw_bytes, updated_at = now(),
          writable_until = greatest(stream.writable_until, excluded.writable_until)
      where stream.acked_seq = 0 and stream.closed_seq is null
    returning raw_bytes)
  ${INSERT_CHUNK}`
const NEXT_BATCH = `with head as (
    update stream set acked_seq = $4::bigint, raw_bytes = raw_bytes + $5::int, updated_at = now(),
                      writable_until = greatest(writable_until, $7)
    where account_id = $1 and key = $2 and acked_seq = $3::bigint - 1 and closed_seq is null
    returning raw_bytes)
  ${INSERT_CHUNK}`

/** Streams and chunks of schema `log`. Appends and chunk reads are the hot path and plain SQL. */
export function createStreamStore(pool: Pool): StreamStore {
  const prisma = new PrismaClient({ adapter: createPrismaAdapter(pool, 'log') })
  return {
    async append(owner, batch) {
      const values = [owner.accountId, owner.key, batch.firstSeq, batch.lastSeq, batch.rawSize, batch.gzip]
      const result =
        batch.firstSeq === 1
          ? await pool.query({
              name: 'log-first-batch',
              text: FIRST_BATCH,
              values: [...values, owner.orgIdentifier ?? null, owner.projectIdentifier ?? null, owner.writableUntil],
            })
          : await pool.query({ name: 'log-next-batch', text: NEXT_BATCH, values: [...values, owner.writableUntil] })
      return result.rowCount === 1
    },

    async close(owner, lastSeq) {
      const { accountId, key, orgIdentifier, projectIdentifier, writableUntil } = owner
      if (lastSeq === 0) {
        await prisma.stream.createMany({
          data: [{ accountId, key, orgIdentifier, projectIdentifier, writableUntil }],
          skipDuplicates: true,
        })
      }
      const { count } = await prisma.stream.updateMany({
        where: { accountId, key, ackedSeq: lastSeq, closedSeq: null },
        data: { closedSeq: lastSeq, closedAt: new Date(), updatedAt: new Date() },
      })
      return count === 1
    },

    async find(accountId, key) {
      const row = await prisma.stream.findUnique({ where: { accountId_key: { accountId, key } } })
      return row === null ? undefined : toHead(row)
    },

    async chunksFrom(accountId, key, from) {
      const { rows } = await pool.query({
        name: 'log-chunks',
        text: `select ${CHUNK_COLUMNS} from chunk
          where account_id = $1 and key = $2 and first_seq >= coalesce(
            (select max(first_seq) from chunk where account_id = $1 and key = $2 and first_seq <= $3), 0)
          order by first_seq limit ${CHUNKS_AT_ONCE}`,
        values: [accountId, key, from],
      })
      return rows.map((row) => ChunkRow.parse(row)).filter(({ lastSeq }) => lastSeq >= from)
    },

    async chunksFromOffset(accountId, key, offset) {
      const { rows } = await pool.query({
        name: 'log-chunks-by-offset',
        text: `select ${CHUNK_COLUMNS} from chunk
          where account_id = $1 and key = $2 and raw_offset + raw_size > $3
          order by first_seq limit ${CHUNKS_AT_ONCE}`,
        values: [accountId, key, offset],
      })
      return rows.map((row) => ChunkRow.parse(row))
    },

    async listUnstored(closedBefore) {
      const rows = await prisma.stream.findMany({
        where: { closedSeq: { not: null }, storedAt: null, closedAt: { lt: closedBefore } },
        orderBy: { closedAt: 'asc' },
        take: TASK_BATCH,
      })
      return rows.map(toHead)
    },

    async closeExpired(now) {
      const open = await prisma.stream.findMany({
        where: { closedSeq: null, writableUntil: { lt: now } },
        orderBy: { writableUntil: 'asc' },
        take: TASK_BATCH,
      })
      const closed: StreamHead[] = []
      for (const row of open) {
        const { count } = await prisma.stream.updateMany({
          where: { accountId: row.accountId, key: row.key, ackedSeq: row.ackedSeq, closedSeq: null },
          data: { closedSeq: row.ackedSeq, closedAt: new Date(), updatedAt: new Date() },
        })
        if (count === 1) closed.push({ ...toHead(row), closedSeq: Number(row.ackedSeq) })
      }
      return closed
    },

    async bytesSince(accountId, since) {
      const { _sum } = await prisma.stream.aggregate({
        where: { accountId, createdAt: { gte: since } },
        _sum: { rawBytes: true },
      })
      return Number(_sum.rawBytes ?? 0)
    },
  }
}

interface StreamRow {
  accountId: string
  key: string
  orgIdentifier: string | null
  projectIdentifier: string | null
  ackedSeq: bigint
  rawBytes: bigint
  closedSeq: bigint | null
  blobName: string | null
  storedAt: Date | null
}

function toHead(row: StreamRow): StreamHead {
  return {
    accountId: row.accountId,
    key: row.key,
    orgIdentifier: row.orgIdentifier ?? undefined,
    projectIdentifier: row.projectIdentifier ?? undefined,
    ackedSeq: Number(row.ackedSeq),
    rawBytes: Number(row.rawBytes),
    closedSeq: row.closedSeq === null ? undefined : Number(row.closedSeq),
    blobName: row.blobName ?? undefined,
    storedAt: row.storedAt ?? undefined,
  }
}
