import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { auditHash } from './append-audit.ts'

/** Events that are read and hashed at a time. */
const BATCH_SIZE = 1_000

const EventFields = z.object({ accountId: z.string(), sequence: z.number(), id: z.string(), module: z.string() })

export interface AuditVerification {
  valid: boolean
  sequence: number
  hash: string
  brokenAt?: number
  headKnown?: boolean
}

interface ChainRow {
  accountId: string
  sequence: bigint
  id: string
  module: string
  event: string
  previousHash: string
  hash: string
}

function fits(row: ChainRow, expected: { sequence: bigint; previousHash: string }): boolean {
  if (row.sequence !== expected.sequence || row.previousHash !== expected.previousHash) return false
  if (row.hash !== auditHash(row.previousHash, row.event)) return false
  let json: unknown
  try {
    json = JSON.parse(row.event)
  } catch {
    // Text that is no longer JSON was tampered with.
    return false
  }
  const fields = EventFields.safeParse(json)
  return (
    fields.success &&
    fields.data.accountId === row.accountId &&
    BigInt(fields.data.sequence) === row.sequence &&
    fields.data.id === row.id &&
    fields.data.module === row.module
  )
}

/**
 * Recomputes an account's chain from its first event. `known`: an older head that must be part of it.
 * @returns `brokenAt`: sequence of the first event that is missing, changed or out of place
 */
export async function verifyAudits(
  deps: Pick<Deps, 'prisma'>,
  accountId: string,
  known?: { sequence: number; hash: string },
): Promise<AuditVerification> {
  const head = await deps.prisma.auditChain.findUnique({ where: { accountId } })
  const end = head?.sequence ?? 0n
  let previousHash = ''
  let next = 1n
  let headKnown = known === undefined ? undefined : false
  while (next <= end) {
    // One batch after the other: each starts where the one before ended.
    // oxlint-disable-next-line no-await-in-loop
    const rows = await deps.prisma.auditEvent.findMany({
      where: { accountId, sequence: { gte: next, lte: end } },
      orderBy: { sequence: 'asc' },
      take: BATCH_SIZE,
    })
    if (rows.length === 0) break
    for (const row of rows) {
      if (!fits(row, { sequence: next, previousHash })) {
        return { valid: false, sequence: Number(end), hash: head?.hash ?? '', brokenAt: Number(next), headKnown }
      }
      if (known !== undefined && BigInt(known.sequence) === row.sequence) headKnown = known.hash === row.hash
      previousHash = row.hash
      next += 1n
    }
  }
  const whole = next === end + 1n && previousHash === (head?.hash ?? '')
  return {
    valid: whole && headKnown !== false,
    sequence: Number(end),
    hash: head?.hash ?? '',
    ...(whole ? {} : { brokenAt: Number(next) }),
    ...(headKnown === undefined ? {} : { headKnown }),
  }
}
