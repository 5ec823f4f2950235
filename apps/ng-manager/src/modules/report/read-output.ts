import { createHash } from 'node:crypto'
import { AppError } from '@sluice/contracts/errors'
import { DOCUMENT_MAX_BYTES } from '@sluice/contracts/dbops'
import type { TaskOutputRef } from '@sluice/contracts/tasks'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'

const Row = z.object({ chunk_index: z.number(), bytes: z.instanceof(Uint8Array) })

/**
 * Reads a large output through the read grant on `delegate.task_output`, joined and verified.
 * @throws AppError SERVICE_UNAVAILABLE where it isn't whole: it is written with the message that names it
 */
export async function readOutput(deps: Pick<Deps, 'pool'>, accountId: string, ref: TaskOutputRef): Promise<Buffer> {
  if (ref.bytes > DOCUMENT_MAX_BYTES) {
    throw new AppError(
      'INVALID_REQUEST',
      `The output "${ref.name}" has ${ref.bytes} bytes; ${DOCUMENT_MAX_BYTES} are stored at most.`,
    )
  }
  const { rows } = await deps.pool.query(
    `select chunk_index, bytes from delegate.task_output
      where account_id = $1 and output_id = $2 order by chunk_index`,
    [accountId, ref.outputId],
  )
  const bytes = Buffer.concat(rows.map((row) => Row.parse(row).bytes))
  if (createHash('sha256').update(bytes).digest('hex') === ref.sha256) return bytes
  throw new AppError(
    'SERVICE_UNAVAILABLE',
    `The output "${ref.name}" (${ref.outputId}) is not whole: ${bytes.length} of ${ref.bytes} bytes are there, or its hash is another one.`,
  )
}
