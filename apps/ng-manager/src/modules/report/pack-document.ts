import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { DOCUMENT_PIECE_MAX, putReportPiece, type DocumentName, type ReportedDocument } from '@sluice/contracts/dbops'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'

const pack = promisify(gzip)

/** base64 turns three bytes into four characters. */
const PIECE_BYTES = Math.floor(DOCUMENT_PIECE_MAX / 4) * 3

/**
 * Packs a document for the report. One that fits travels in it; a larger one is put in pieces first.
 * @param budget characters of base64 that the report still has room for
 */
export async function packDocument(
  deps: Pick<Deps, 'client'>,
  actor: Actor,
  document: { attemptId: string; name: DocumentName; bytes: Buffer },
  budget: number,
  signal: AbortSignal,
): Promise<ReportedDocument> {
  const { attemptId, name, bytes } = document
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const packed = await pack(bytes)
  const content = packed.toString('base64')
  if (content.length <= Math.min(budget, DOCUMENT_PIECE_MAX)) return { name, sha256, content }
  const pieces = Math.ceil(packed.length / PIECE_BYTES)
  for (let index = 0; index < pieces; index += 1) {
    const piece = packed.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES)
    await deps.client.call(
      putReportPiece,
      { params: { attemptId, name, index }, body: { content: piece.toString('base64') } },
      { actor, signal },
    )
  }
  return { name, sha256, pieces }
}
