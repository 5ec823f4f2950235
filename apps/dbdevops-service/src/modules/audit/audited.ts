import { recordAudit, type Actor, type RecordAuditInput } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import type { Prisma } from '../../generated/prisma/client.ts'

/** A change takes two statements and an audit row; more time means that something is wrong. */
const TRANSACTION_TIMEOUT_MS = 10_000

export interface Audited<Result> {
  result: Result
  event: Omit<RecordAuditInput, 'actor'>
}

/** Runs a change and its audit event in one transaction, then wakes the audit's reader. */
export async function audited<Result>(
  deps: Pick<Deps, 'prisma' | 'queues'>,
  actor: Actor,
  change: (tx: Prisma.TransactionClient) => Promise<Audited<Result>>,
): Promise<Result> {
  const { result, messageId } = await deps.prisma.$transaction(
    async (tx) => {
      const changed = await change(tx)
      return { result: changed.result, messageId: await recordAudit(tx, { ...changed.event, actor }) }
    },
    { timeout: TRANSACTION_TIMEOUT_MS },
  )
  await deps.queues?.wake('ng.inbox', { accountId: actor.accountId, id: messageId })
  return result
}
