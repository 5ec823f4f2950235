import { newId } from '@sluice/contracts/ids'
import { z } from 'zod'
import type { Deps, Tx } from '../../deps.ts'
import type { Task } from '../../generated/prisma/client.ts'
import { chooseDelegate, explainChoice, type Candidate } from './choose-delegate.ts'
import { lockTask, moveTask, submissionOf } from './task-store.ts'
import { tellSubmitter } from './tell-submitter.ts'

const Rejections = z.record(z.string(), z.string())

async function loadCandidates(tx: Tx, accountId: string): Promise<Candidate[]> {
  const [delegates, loads] = await Promise.all([
    tx.delegate.findMany({ where: { accountId, state: { not: 'revoked' } } }),
    tx.task.groupBy({
      by: ['delegateId'],
      where: { accountId, delegateId: { not: null }, state: { in: ['offered', 'granted', 'running'] } },
      _count: true,
    }),
  ])
  const loadOf = new Map(loads.map((load) => [load.delegateId, load._count]))
  return delegates.map((delegate) => ({
    id: delegate.id,
    name: delegate.name,
    tags: delegate.tags,
    orgIdentifier: delegate.orgIdentifier ?? undefined,
    projectIdentifier: delegate.projectIdentifier ?? undefined,
    capabilities: delegate.capabilities,
    capacity: delegate.capacity,
    load: loadOf.get(delegate.id) ?? 0,
    connected: delegate.connected,
    draining: delegate.draining,
    state: delegate.state,
    replicaId: delegate.replicaId ?? undefined,
    lastHeartbeatAt: delegate.lastHeartbeatAt?.getTime(),
  }))
}

/**
 * Offers a queued task to the best delegate; where there is none, tells the submitter why, at once and whenever the
 * reason changes. Called when a task arrives, when a delegate connects or becomes free, and by the periodic look.
 */
export async function assignTask(deps: Deps, accountId: string, taskId: string): Promise<void> {
  const after = await deps.prisma.$transaction(async (tx) => {
    const task = await lockTask(tx, accountId, taskId)
    if (task === undefined || task.state !== 'queued') return undefined
    const choice = chooseDelegate(
      await loadCandidates(tx, accountId),
      submissionOf(task),
      Rejections.parse(task.rejections),
      deps.now(),
    )
    const { chosen } = choice
    if (chosen?.replicaId === undefined) return noteWaiting(deps, tx, task, explainChoice(choice))
    const offerId = newId('msg')
    const moved = await moveTask(tx, task, { type: 'offer', offerId, delegateId: chosen.id }, deps.now())
    if (moved === undefined) return undefined
    const { replicaId } = chosen
    return () => deps.hub.notify(replicaId, { type: 'offer', accountId, delegateId: chosen.id, taskId, offerId })
  })
  await after?.()
}

async function noteWaiting(
  deps: Deps,
  tx: Tx,
  task: Task,
  message: string,
): Promise<(() => Promise<void>) | undefined> {
  const told = Rejections.safeParse(task.rejections).success ? task.waitingReason : null
  // Seconds since the last heartbeat change all the time; that alone is no news.
  const gist = (text: string): string => text.replaceAll(/\d+ s ago/g, '')
  if (told !== null && gist(told) === gist(message)) return undefined
  await tx.task.update({
    where: { accountId_id: { accountId: task.accountId, id: task.id } },
    data: { waitingReason: message.slice(0, 8_000) },
  })
  return tellSubmitter(
    deps,
    tx,
    task,
    { kind: 'task.waiting', taskId: task.id, attemptId: task.attemptId, message: message.slice(0, 8_000) },
    `.${newId('msg')}`,
  )
}

/** Tries every queued task of an account again: a delegate connected, or one has room. */
export async function assignQueued(deps: Deps, accountId: string): Promise<void> {
  const queued = await deps.prisma.task.findMany({
    where: { accountId, state: 'queued' },
    orderBy: { createdAt: 'asc' },
    select: { id: true },
    take: 500,
  })
  for (const { id } of queued) await assignTask(deps, accountId, id)
}
