import { isAppError } from '@sluice/contracts/errors'
import { verifyHello, type HelloBody, type HelloRefusal, type HeldTask } from '@sluice/delegate-protocol'
import { z } from 'zod'
import type { Deps, Tx } from '../../deps.ts'

export type Admission =
  | { admitted: true; held: HeldTask[]; tokenId: string; name: string }
  | { admitted: false; close: HelloRefusal; message: string }

const Connection = z.object({
  state: z.string(),
  connectionId: z.string().nullable(),
  replicaId: z.string().nullable(),
})

/**
 * Judges a `hello`: the enrolled keys, the nonce, the token behind them. Then this connection becomes the delegate's
 * current one, an older is superseded, and only then are the tasks that it holds read, so that no grant slips in between.
 * It is not marked as connected yet: tasks come once the caller listens for them.
 */
export async function admitDelegate(
  deps: Deps,
  input: { hello: HelloBody; nonce: string; connectionId: string },
): Promise<Admission> {
  const { hello, nonce, connectionId } = input
  const { accountId, delegateId } = hello
  const delegate = await deps.prisma.delegate.findUnique({ where: { accountId_id: { accountId, id: delegateId } } })
  if (delegate === null) {
    return {
      admitted: false,
      close: 'unknownDelegate',
      message: 'This delegate is not enrolled here. It enrols again with its token.',
    }
  }
  const token = { token: hello.token, accountId, delegateId, nonce, now: deps.now() }
  try {
    await verifyHello({ ...token, identityKey: delegate.identityKey, sealingKey: delegate.sealingKey })
  } catch (error) {
    if (!isAppError(error)) throw error
    return { admitted: false, close: 'unauthenticated', message: error.message }
  }
  const { rows } = await deps.pool.query(
    `select status from ng.delegate_token_keys where account_id = $1 and id = $2`,
    [accountId, delegate.tokenId],
  )
  const [tokenKey] = z.array(z.object({ status: z.string() })).parse(rows)
  const settled = await deps.transact(async (tx) => {
    const before = await lockDelegate(tx, accountId, delegateId)
    if (before?.state !== 'enrolled' || tokenKey?.status !== 'ACTIVE') return { state: before?.state ?? 'revoked' }
    await tx.delegate.update({
      where: { accountId_id: { accountId, id: delegateId } },
      data: {
        connected: false,
        draining: false,
        connectionId,
        replicaId: deps.replicaId,
        version: hello.delegateVersion,
        capabilities: hello.capabilities,
        capacity: hello.capacity,
        lastHeartbeatAt: new Date(deps.now()),
      },
    })
    return { before, held: await loadHeld(tx, accountId, delegateId) }
  })
  if (settled.held === undefined) {
    if (settled.state === 'awaitingApproval' && tokenKey?.status === 'ACTIVE') {
      const message = `Delegate "${delegate.name}" awaits approval, which is not built yet. Enrol it with a token that asks for none.`
      return { admitted: false, close: 'awaitingApproval', message }
    }
    const message = `Delegate "${delegate.name}" or its token was revoked. Enrol it anew with a new token.`
    return { admitted: false, close: 'revoked', message }
  }
  const { before, held } = settled
  if (before.replicaId !== null && before.connectionId !== null) {
    await deps.hub.notify(before.replicaId, {
      type: 'supersede',
      accountId,
      delegateId,
      connectionId: before.connectionId,
    })
  }
  return { admitted: true, held, tokenId: delegate.tokenId, name: delegate.name }
}

/** Waits for grants that are under way, see {@link grantTask}. */
async function lockDelegate(
  tx: Tx,
  accountId: string,
  delegateId: string,
): Promise<z.infer<typeof Connection> | undefined> {
  const rows = await tx.$queryRaw`
    select state, connection_id as "connectionId", replica_id as "replicaId" from delegates
     where account_id = ${accountId} and id = ${delegateId} for update`
  return z.array(Connection).parse(rows)[0]
}

async function loadHeld(tx: Tx, accountId: string, delegateId: string): Promise<HeldTask[]> {
  const tasks = await tx.task.findMany({
    where: { accountId, delegateId, closedAt: null, state: { in: ['granted', 'running'] } },
    select: { id: true, offerId: true, journalId: true, state: true, cancelReason: true },
  })
  return tasks.map((task) => ({
    taskId: task.id,
    offerId: task.offerId ?? '',
    journalId: task.journalId ?? '',
    state: task.state === 'granted' ? 'granted' : 'running',
    cancelReason: task.cancelReason ?? undefined,
  }))
}
