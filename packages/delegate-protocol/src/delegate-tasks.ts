import type { DelegateDraft } from './delegate-draft.ts'
import type { DelegateEvent } from './delegate-state.ts'
import type { OfferedTask, RejectReason, ServerMessage } from './frames.ts'

/** The life of a task on the delegate: the table "Task, delegate side" of the specification. */

type Body<Kind extends ServerMessage['kind']> = Extract<ServerMessage, { kind: Kind }>['body']
type EventOf<Type extends DelegateEvent['type']> = Extract<DelegateEvent, { type: Type }>

export function takeOffer(draft: DelegateDraft, { task, offerId }: Body<'task.offer'>): void {
  const known = draft.tasks.get(task.taskId)
  const replaceable = known === undefined || known.state === 'offered' || known.state === 'accepted'
  const reason = replaceable ? refusal(draft, task) : alreadyHeld(task)
  if (reason !== undefined) {
    draft.send({ kind: 'task.reject', body: { taskId: task.taskId, offerId, reason } })
    return
  }
  draft.tasks.set(task.taskId, { taskId: task.taskId, offerId, state: 'offered', task })
  draft.effect({ type: 'decideOffer', task, offerId })
}

export function decideOffer(draft: DelegateDraft, event: EventOf<'offerDecided'>): void {
  const { taskId, offerId } = event
  const task = draft.tasks.get(taskId)
  // Withdrawn, offered anew, or lost with its connection while the policy was asked.
  if (task?.state !== 'offered' || task.offerId !== offerId || !draft.ready) return
  const reason = event.reject ?? refusal(draft, task.task)
  if (reason !== undefined) {
    draft.tasks.delete(taskId)
    draft.send({ kind: 'task.reject', body: { taskId, offerId, reason } })
    return
  }
  draft.tasks.set(taskId, { ...task, state: 'accepted' })
  draft.send({ kind: 'task.accept', body: { taskId, offerId } })
}

export function takeWithdrawal(draft: DelegateDraft, { taskId, offerId }: Body<'task.withdraw'>): void {
  const task = draft.tasks.get(taskId)
  if (task === undefined || task.offerId !== offerId) return
  if (task.state === 'offered' || task.state === 'accepted') draft.tasks.delete(taskId)
}

export function takeGrant(draft: DelegateDraft, { taskId, offerId }: Body<'task.grant'>): void {
  const task = draft.tasks.get(taskId)
  if (task?.state === 'accepted' && task.offerId === offerId) {
    draft.tasks.set(taskId, { taskId, offerId, state: 'granted', task: task.task })
    draft.effect({ type: 'persistGrant', task: task.task, offerId })
    return
  }
  // The same grant twice changes nothing.
  if (task?.offerId === offerId && task.state !== 'offered') return
  const reason: RejectReason = { code: 'invalid', message: `The delegate holds no accepted offer "${offerId}".` }
  draft.send({ kind: 'task.reject', body: { taskId, offerId, reason } })
}

export function grantPersisted(draft: DelegateDraft, { taskId, error }: EventOf<'grantPersisted'>): void {
  const task = draft.tasks.get(taskId)
  if (task?.state !== 'granted') return
  const { offerId, cancelReason } = task
  draft.tasks.set(taskId, {
    taskId,
    offerId,
    state: 'running',
    ...(cancelReason === undefined ? {} : { cancelReason }),
  })
  if (error !== undefined) {
    const message = `The delegate could not write the task to its journal, so it did not run: ${error}. Check the delegate's disk.`
    draft.effect({ type: 'skipTask', taskId, status: 'failed', message })
    return
  }
  if (cancelReason !== undefined) {
    draft.effect({ type: 'skipTask', taskId, status: 'cancelled', message: cancelReason })
    return
  }
  draft.effect({ type: 'runTask', task: task.task })
}

export function cancelTask(draft: DelegateDraft, taskId: string, reason: string): void {
  const task = draft.tasks.get(taskId)
  switch (task?.state) {
    case 'offered':
    case 'accepted':
      draft.tasks.delete(taskId)
      return
    case 'granted':
      draft.tasks.set(taskId, { ...task, cancelReason: task.cancelReason ?? reason })
      return
    case 'running':
      // Asked to stop once is enough: a second cancel must not disturb the clean-up of the first.
      if (task.cancelReason !== undefined) return
      draft.tasks.set(taskId, { ...task, cancelReason: reason })
      draft.effect({ type: 'cancelTask', taskId, reason })
      return
    case 'reporting':
    case undefined:
      // Its result is on the way, or it was never here; the server settles it from the result or the next hello.
      return
  }
}

export function taskFinished(draft: DelegateDraft, taskId: string): void {
  const task = draft.tasks.get(taskId)
  if (task?.state !== 'running') return
  draft.tasks.set(taskId, { taskId, offerId: task.offerId, state: 'reporting', sendAt: 0 })
  if (draft.ready) sendResult(draft, taskId)
}

export function sendResult(draft: DelegateDraft, taskId: string): void {
  const task = draft.tasks.get(taskId)
  if (task?.state !== 'reporting') return
  draft.tasks.set(taskId, { ...task, sendAt: draft.env.now + draft.state.timing.resultRetryMs })
  draft.effect({ type: 'sendResult', socket: draft.state.socket, taskId })
}

export function forgetResult(draft: DelegateDraft, taskId: string): void {
  if (draft.tasks.get(taskId)?.state !== 'reporting') return
  draft.tasks.delete(taskId)
  draft.effect({ type: 'forgetTask', taskId })
}

/** Tasks that were granted and have no result yet. */
export function runningTasks(draft: DelegateDraft): string[] {
  return idsIn(draft, ['granted', 'running'])
}

export function reportingTasks(draft: DelegateDraft): string[] {
  return idsIn(draft, ['reporting'])
}

function idsIn(draft: DelegateDraft, states: readonly string[]): string[] {
  return [...draft.tasks.values()].filter((task) => states.includes(task.state)).map((task) => task.taskId)
}

/** Reasons that are the machine's own; the owner's policy is asked afterwards. */
function refusal(draft: DelegateDraft, offered: OfferedTask): RejectReason | undefined {
  const { drain, options } = draft.state
  if (drain !== undefined) return { code: 'draining', message: `The delegate is leaving: ${drain.reason}.` }
  const others = [...draft.tasks.values()].filter(
    (task) => task.taskId !== offered.taskId && task.state !== 'reporting',
  ).length
  if (others < options.capacity) return undefined
  return { code: 'busy', message: `The delegate runs ${others} tasks, which is its capacity.` }
}

function alreadyHeld(task: OfferedTask): RejectReason {
  return { code: 'invalid', message: `The delegate already holds task "${task.taskId}".` }
}
