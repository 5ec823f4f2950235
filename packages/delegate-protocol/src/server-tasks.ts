import type { DelegateMessage } from './frames.ts'
import type { ServerDraft } from './server-draft.ts'
import type { ServerEvent } from './server-state.ts'

/** Offers, grants and leases of one connection. Every offer ends as a grant that was sent, or as one of the effects below. */

type Body<Kind extends DelegateMessage['kind']> = Extract<DelegateMessage, { kind: Kind }>['body']
type EventOf<Type extends ServerEvent['type']> = Extract<ServerEvent, { type: Type }>

export function offerTask(draft: ServerDraft, { task, offerId }: EventOf<'offer'>): void {
  const { taskId } = task
  const refuse = (outcome: 'rejected' | 'disconnected', reason: string) =>
    draft.effect({ type: 'offerEnded', taskId, offerId, outcome, reason })
  if (draft.state.phase.name !== 'ready') return refuse('disconnected', 'The delegate is not connected.')
  if (draft.state.delegateDraining) return refuse('rejected', 'The delegate is leaving.')
  if (draft.offers.has(taskId) || draft.held.has(taskId)) {
    return refuse('rejected', 'The delegate was offered the task already.')
  }
  const { acceptWithinMs } = draft.state.timing
  draft.offers.set(taskId, { offerId, state: 'offered', deadline: draft.env.now + acceptWithinMs })
  draft.send({ kind: 'task.offer', body: { offerId, acceptWithinMs, task } })
}

export function takeAccept(draft: ServerDraft, { taskId, offerId }: Body<'task.accept'>): void {
  const offer = draft.offers.get(taskId)
  if (offer === undefined || offer.offerId !== offerId) {
    const reason = 'The acceptance came too late.'
    return draft.send({ kind: 'task.withdraw', body: { taskId, offerId, reason } })
  }
  if (offer.state === 'granting') return
  const { now } = draft.env
  const { timing, hello } = draft.state
  draft.offers.set(taskId, { offerId, state: 'granting', deadline: now + timing.grantWithinMs })
  const journalId = hello?.journalId ?? ''
  draft.effect({ type: 'grantTask', taskId, offerId, journalId, leaseUntil: now + timing.leaseMs })
}

export function takeReject(draft: ServerDraft, { taskId, offerId, reason }: Body<'task.reject'>): void {
  const offer = draft.offers.get(taskId)
  if (offer?.offerId === offerId && offer.state === 'offered') {
    return draft.endOffer(taskId, 'rejected', `${reason.code}: ${reason.message}`)
  }
  const held = draft.held.get(taskId)
  // The delegate has no use for the grant: it dropped the offer, or restarted in between.
  if (held?.offerId === offerId && held.state === 'granted') {
    draft.held.delete(taskId)
    draft.effect({ type: 'releaseGrant', taskId, offerId })
  }
}

export function grantDecided(draft: ServerDraft, { taskId, offerId, granted }: EventOf<'grantDecided'>): void {
  const offer = draft.offers.get(taskId)
  const waiting = offer?.offerId === offerId && offer.state === 'granting'
  if (!waiting || !draft.open) {
    if (waiting) draft.offers.delete(taskId)
    if (granted) draft.effect({ type: 'releaseGrant', taskId, offerId })
    else if (waiting) offerNotGranted(draft, taskId, offerId)
    return
  }
  draft.offers.delete(taskId)
  if (granted) {
    draft.held.set(taskId, { offerId, state: 'granted' })
    return draft.send({ kind: 'task.grant', body: { taskId, offerId } })
  }
  draft.send({ kind: 'task.withdraw', body: { taskId, offerId, reason: 'The task was not granted.' } })
  offerNotGranted(draft, taskId, offerId)
}

export function takeHeartbeat(draft: ServerDraft, { running, results }: Body<'heartbeat'>): void {
  const ours: string[] = []
  for (const taskId of running) {
    const held = draft.held.get(taskId)
    if (held === undefined) {
      const reason = 'The task is no longer assigned to this delegate.'
      draft.send({ kind: 'task.cancel', body: { taskId, reason } })
      continue
    }
    draft.held.set(taskId, { ...held, state: 'running' })
    ours.push(taskId)
  }
  // The work is done and only its result is under way: it must not be lost to a slow database.
  ours.push(...results.filter((taskId) => draft.held.has(taskId)))
  if (ours.length === 0) return
  draft.effect({ type: 'extendLeases', taskIds: ours, leaseUntil: draft.env.now + draft.state.timing.leaseMs })
}

/** Ends the offer in the row too where the compare-and-set failed for another reason than a lost race. */
function offerNotGranted(draft: ServerDraft, taskId: string, offerId: string): void {
  const reason = 'The task was not granted.'
  draft.effect({ type: 'offerEnded', taskId, offerId, outcome: 'notGranted', reason })
}
