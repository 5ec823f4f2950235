import { newId } from '@sluice/contracts/ids'
import { z } from 'zod'
import type { Deps, Tx } from '../../deps.ts'
import type { Task } from '../../generated/prisma/client.ts'
import { chooseDelegate, explainChoice, type Candidate, type Choice } from './choose-delegate.ts'
import { lockTask, moveTask, submissionOf } from './task-store.ts'
import { tellSubmitter } from './tell-submitter.ts'

const Rejections = z.record(z.string(), z.string())

/** Characters of the sentence that explains why a task waits. */
const WAITING_MAX = 8_000

async function loadCandidates(tx: Pick<Tx, 'delegate' | 'task'>, accountId: string): Promise<Candidate[]> {
  const [delegates, loads] = await Promise.all([
    tx.delegate.findMany({ where: { accountId, state: { not: 'revoked' } } }),
    tx.task.groupBy({
      by: ['delegateId'],
      where: { accountId, closedAt: null, delegateId: { not: null }, state: { in: ['offered', 'granted', 'running'] } },
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
  const after = await deps.transact(async (tx) => {
    const task = await lockTask(tx, accountId, taskId)
    if (task === undefined || task.state !== 'queued') return undefined
    const choice = await choose(deps, tx, task)
    return offerTo(deps, tx, task, choice) ?? noteWaiting(deps, tx, task, explainChoice(choice))
  })
  await after?.()
}

/**
 * Offers a task that the caller's transaction has just stored.
 * @returns what to run after the commit; undefined where no delegate can take the task as this transaction sees it:
 * {@link assignTask} then looks again and says why.
 */
export async function offerStored(deps: Deps, tx: Tx, task: Task): Promise<(() => Promise<void>) | undefined> {
  return offerTo(deps, tx, task, await choose(deps, tx, task))
}

async function choose(deps: Deps, tx: Tx, task: Task): Promise<Choice> {
  const candidates = await loadCandidates(tx, task.accountId)
  return chooseDelegate(candidates, submissionOf(task), Rejections.parse(task.rejections), deps.now())
}

function offerTo(deps: Deps, tx: Tx, task: Task, { chosen }: Choice): Promise<() => Promise<void>> | undefined {
  if (chosen?.replicaId === undefined) return undefined
  const { replicaId, id: delegateId } = chosen
  const { accountId, id: taskId } = task
  const offerId = newId('msg')
  return moveTask(tx, task, { type: 'offer', offerId, delegateId }, deps.now()).then((moved) => async () => {
    if (moved !== undefined) await deps.hub.notify(replicaId, { type: 'offer', accountId, delegateId, taskId, offerId })
  })
}

/** Seconds since the last heartbeat change all the time; that alone is no news. */
function isOldNews(task: Task, message: string): boolean {
  const gist = (text: string): string => text.slice(0, WAITING_MAX).replaceAll(/\d+ s ago/g, '')
  return task.waitingReason !== null && gist(task.waitingReason) === gist(message)
}

async function noteWaiting(
  deps: Deps,
  tx: Tx,
  task: Task,
  message: string,
): Promise<(() => Promise<void>) | undefined> {
  if (isOldNews(task, message)) return undefined
  await tx.task.update({
    where: { accountId_id: { accountId: task.accountId, id: task.id } },
    data: { waitingReason: message.slice(0, WAITING_MAX) },
  })
  return tellSubmitter(
    deps,
    tx,
    task,
    { kind: 'task.waiting', taskId: task.id, attemptId: task.attemptId, message: message.slice(0, WAITING_MAX) },
    `.${newId('msg')}`,
  )
}

/**
 * Tries every queued task of an account again: a delegate connected, one has room, or time passed. Tasks for which
 * nothing changed cost no transaction.
 */
export async function assignQueued(deps: Deps, accountId: string): Promise<void> {
  const queued = await deps.prisma.task.findMany({
    where: { accountId, closedAt: null, state: 'queued' },
    orderBy: { createdAt: 'asc' },
    take: 500,
  })
  if (queued.length === 0) return
  const candidates = await loadCandidates(deps.prisma, accountId)
  for (const task of queued) {
    const rejections = Rejections.parse(task.rejections)
    const choice = chooseDelegate(candidates, submissionOf(task), rejections, deps.now())
    if (choice.chosen === undefined && isOldNews(task, explainChoice(choice))) continue
    await assignTask(deps, accountId, task.id)
    if (choice.chosen !== undefined) choice.chosen.load += 1
  }
}
