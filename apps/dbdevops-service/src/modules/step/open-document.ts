import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { DOCUMENT_MAX_BYTES, type ReportedDocument } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import type { Deps } from '../../deps.ts'

const unpack = promisify(gunzip)

interface Attempt {
  accountId: string
  attemptId: string
}

/**
 * Joins, unpacks and verifies a document of a report.
 * @returns the parsed JSON
 * @throws AppError INVALID_REQUEST where a piece is missing or the hash is another one
 */
export async function openDocument(
  deps: Pick<Deps, 'prisma'>,
  attempt: Attempt,
  document: ReportedDocument,
): Promise<unknown> {
  const packed =
    document.content === undefined ? await joinPieces(deps, attempt, document) : Buffer.from(document.content, 'base64')
  let bytes: Buffer
  try {
    bytes = await unpack(packed, { maxOutputLength: DOCUMENT_MAX_BYTES })
  } catch (cause) {
    throw invalid(document, 'is not gzip, or too large', cause)
  }
  if (createHash('sha256').update(bytes).digest('hex') !== document.sha256) {
    throw invalid(document, 'does not have the hash that the report says')
  }
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw invalid(document, 'is not JSON', cause)
  }
}

async function joinPieces(deps: Pick<Deps, 'prisma'>, attempt: Attempt, document: ReportedDocument): Promise<Buffer> {
  const rows = await deps.prisma.reportPiece.findMany({
    where: { ...attempt, name: document.name },
    orderBy: { index: 'asc' },
  })
  const whole = rows.length === document.pieces && rows.every((row, index) => row.index === index)
  if (!whole)
    throw invalid(document, `has ${rows.length} of ${document.pieces ?? 0} pieces here; put all of them first`)
  return Buffer.concat(rows.map((row) => row.content))
}

function invalid(document: ReportedDocument, why: string, cause?: unknown): AppError {
  return new AppError('INVALID_REQUEST', `The document "${document.name}" of the report ${why}.`, { cause })
}
