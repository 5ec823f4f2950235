import { transactOn } from '@sluice/database'
import type { Pool } from 'pg'
import { z } from 'zod'

/** A stretch of a blob that is a gzip member of its own. */
export interface BlobBlock {
  firstSeq: number
  lastSeq: number
  /** Place in the whole NDJSON. */
  rawOffset: number
  rawSize: number
  /** Place in the blob. */
  blobOffset: number
  blobSize: number
}

export interface BlockIndex {
  /**
   * Lets a blob take over from the chunks, in one transaction: its index is stored and the chunks are deleted.
   * @returns false where another blob did so before, or the log did not end at the blob's last line
   */
  adopt(blob: {
    accountId: string
    key: string
    blobName: string
    lastSeq: number
    blocks: readonly BlobBlock[]
  }): Promise<boolean>
  /** Marks a closed log without a line as stored. */
  adoptEmpty(accountId: string, key: string): Promise<void>
  /** Some blocks from the one that holds `seq` on, in order. */
  blocksFrom(accountId: string, key: string, seq: number): Promise<BlobBlock[]>
  /** Some blocks from the one that holds byte `offset` on, in order. */
  blocksFromOffset(accountId: string, key: string, offset: number): Promise<BlobBlock[]>
}

/** Rows read at once. */
const BLOCKS_AT_ONCE = 32

const whole = z.coerce.number().int()
const BlockRow = z.object({
  firstSeq: whole,
  lastSeq: whole,
  rawOffset: whole,
  rawSize: whole,
  blobOffset: whole,
  blobSize: whole,
})
const COLUMNS = `first_seq as "firstSeq", last_seq as "lastSeq", raw_offset as "rawOffset", raw_size as "rawSize",
  blob_offset as "blobOffset", blob_size as "blobSize"`

/** Blocks of schema `log`; bulk statements, hence plain SQL. */
export function createBlockIndex(pool: Pool): BlockIndex {
  const transact = transactOn(pool)
  const read = async (column: 'last_seq >=' | 'raw_offset + raw_size >', values: [string, string, number]) => {
    const { rows } = await pool.query(
      `select ${COLUMNS} from blob_block where account_id = $1 and key = $2 and ${column} $3
       order by first_seq limit ${BLOCKS_AT_ONCE}`,
      values,
    )
    return rows.map((row) => BlockRow.parse(row))
  }
  return {
    adopt: ({ accountId, key, blobName, lastSeq, blocks }) =>
      transact(async (tx) => {
        const rawBytes = blocks.reduce((sum, { rawSize }) => sum + rawSize, 0)
        const { rowCount } = await tx.query(
          `update stream set blob_name = $3, raw_bytes = $4, stored_at = now(), updated_at = now()
           where account_id = $1 and key = $2 and closed_seq = $5 and stored_at is null`,
          [accountId, key, blobName, rawBytes, lastSeq],
        )
        if (rowCount !== 1) return false
        await tx.query(
          `insert into blob_block (account_id, key, first_seq, last_seq, raw_offset, raw_size, blob_offset, blob_size)
           select $1, $2, * from unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::int[], $7::bigint[], $8::int[])`,
          [
            accountId,
            key,
            blocks.map((block) => block.firstSeq),
            blocks.map((block) => block.lastSeq),
            blocks.map((block) => block.rawOffset),
            blocks.map((block) => block.rawSize),
            blocks.map((block) => block.blobOffset),
            blocks.map((block) => block.blobSize),
          ],
        )
        await tx.query('delete from chunk where account_id = $1 and key = $2', [accountId, key])
        return true
      }),
    async adoptEmpty(accountId, key) {
      await pool.query(
        `update stream set stored_at = now() where account_id = $1 and key = $2 and closed_seq = 0 and stored_at is null`,
        [accountId, key],
      )
    },
    blocksFrom: (accountId, key, seq) => read('last_seq >=', [accountId, key, seq]),
    blocksFromOffset: (accountId, key, offset) => read('raw_offset + raw_size >', [accountId, key, offset]),
  }
}
