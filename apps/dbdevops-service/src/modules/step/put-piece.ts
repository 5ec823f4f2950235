import type { DocumentName } from '@sluice/contracts/dbops'
import type { Deps } from '../../deps.ts'

/** Pieces whose report never came are dropped after this time. */
const PIECE_KEPT_MS = 24 * 3_600_000

/** Keeps one piece of a document until its report comes. Idempotent. */
export async function putPiece(
  deps: Pick<Deps, 'prisma'>,
  piece: { accountId: string; attemptId: string; name: DocumentName; index: number; content: string },
): Promise<void> {
  const { accountId, attemptId, name, index } = piece
  const content = Buffer.from(piece.content, 'base64')
  await deps.prisma.$transaction([
    deps.prisma.reportPiece.deleteMany({
      where: { accountId, createdAt: { lt: new Date(Date.now() - PIECE_KEPT_MS) } },
    }),
    deps.prisma.reportPiece.upsert({
      where: { accountId_attemptId_name_index: { accountId, attemptId, name, index } },
      create: { accountId, attemptId, name, index, content },
      update: { content },
    }),
  ])
}
