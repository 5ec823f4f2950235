import type { Deps } from '../../deps.ts'
import { lockTask, moveTask } from './task-store.ts'
import { tellSubmitter } from './tell-submitter.ts'

export interface GrantTaskInput {
  accountId: string
  delegateId: string
  /** Only the delegate's current connection may be granted anything. */
  connectionId: string
  taskId: string
  offerId: string
  journalId: string
  /** Milliseconds since 1970. */
  leaseUntil: number
}

/** Grants an accepted offer by compare-and-set and tells the submitter who has the task. */
export async function grantTask(deps: Deps, input: GrantTaskInput): Promise<boolean> {
  const { accountId, delegateId, connectionId, taskId, offerId, journalId, leaseUntil } = input
  const after = await deps.transact(async (tx) => {
    // Shared with nobody who makes another connection the current one: it sees this grant, or this sees it.
    await tx.$queryRaw`select 1 from delegates where account_id = ${accountId} and id = ${delegateId} for share`
    const delegate = await tx.delegate.findUnique({ where: { accountId_id: { accountId, id: delegateId } } })
    if (delegate === null || delegate.connectionId !== connectionId || delegate.state !== 'enrolled') return undefined
    const task = await lockTask(tx, accountId, taskId)
    if (task === undefined) return undefined
    const moved = await moveTask(tx, task, { type: 'grant', offerId, delegateId, journalId, leaseUntil }, deps.now())
    if (moved === undefined) return undefined
    return tellSubmitter(
      deps,
      tx,
      moved.task,
      { kind: 'task.assigned', taskId, attemptId: task.attemptId, delegateId, delegateName: delegate.name },
      `.${offerId}`,
    )
  })
  if (after === undefined) return false
  // The grant is stored; the delegate need not wait for the submitter to be woken.
  after().catch((error: unknown) => deps.logger.warn({ err: error, taskId }, 'submitter not woken'))
  return true
}
