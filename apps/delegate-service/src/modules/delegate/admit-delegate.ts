import { isAppError } from '@sluice/contracts/errors'
import { verifyHello, type HelloBody, type HelloRefusal, type HeldTask } from '@sluice/delegate-protocol'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'

export type Admission =
  | { admitted: true; held: HeldTask[]; tokenId: string; name: string }
  | { admitted: false; close: HelloRefusal; message: string }

/**
 * Judges a `hello`: the enrolled keys, the nonce, the token behind them. Then this connection becomes the delegate's
 * current one, an older is superseded, and only then are the tasks that it holds read, so that no grant slips in between.
 */
export async function admitDelegate(
  deps: Deps,
  input: { hello: HelloBody; nonce: string; connectionId: string },
): Promise<Admission> {
  const { hello, nonce, connectionId } = input
  const { accountId, delegateId } = hello
  const key = { accountId_id: { accountId, id: delegateId } }
  const delegate = await deps.prisma.delegate.findUnique({ where: key })
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
  if (delegate.state === 'revoked' || tokenKey?.status !== 'ACTIVE') {
    return {
      admitted: false,
      close: 'revoked',
      message: `Delegate "${delegate.name}" or its token was revoked. Enrol it anew with a new token.`,
    }
  }
  if (delegate.state === 'awaitingApproval') {
    return {
      admitted: false,
      close: 'awaitingApproval',
      message: `Delegate "${delegate.name}" awaits approval in the UI.`,
    }
  }

  await deps.prisma.delegate.update({
    where: key,
    data: {
      connected: true,
      draining: false,
      connectionId,
      replicaId: deps.replicaId,
      version: hello.delegateVersion,
      capabilities: hello.capabilities,
      capacity: hello.capacity,
      lastHeartbeatAt: new Date(deps.now()),
    },
  })
  if (delegate.connected && delegate.replicaId !== null && delegate.connectionId !== null) {
    await deps.hub.notify(delegate.replicaId, {
      type: 'supersede',
      accountId,
      delegateId,
      connectionId: delegate.connectionId,
    })
  }
  const tasks = await deps.prisma.task.findMany({
    where: { accountId, delegateId, state: { in: ['granted', 'running'] } },
  })
  const held = tasks.map((task): HeldTask => ({
    taskId: task.id,
    offerId: task.offerId ?? '',
    journalId: task.journalId ?? '',
    state: task.state === 'granted' ? 'granted' : 'running',
    cancelReason: task.cancelReason ?? undefined,
  }))
  return { admitted: true, held, tokenId: delegate.tokenId, name: delegate.name }
}
