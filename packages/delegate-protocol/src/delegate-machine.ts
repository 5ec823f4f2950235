import { assertNever } from '@sluice/contracts/errors'
import { DelegateDraft } from './delegate-draft.ts'
import {
  silentAfter,
  type DelegateEnv,
  type DelegateEvent,
  type DelegateState,
  type DelegateStep,
} from './delegate-state.ts'
import {
  cancelTask,
  decideOffer,
  forgetResult,
  grantPersisted,
  reportingTasks,
  runningTasks,
  sendResult,
  takeGrant,
  takeOffer,
  takeWithdrawal,
  taskFinished,
} from './delegate-tasks.ts'
import type { FrameProblem } from './codec.ts'
import type { ServerFrame } from './frames.ts'
import { closeCodeOf, PROTOCOL_VERSION, type CloseCodeName } from './limits.ts'

export {
  describeDelegate,
  nextDelegateDeadline,
  startDelegate,
  type DelegateEffect,
  type DelegateEnv,
  type DelegateEvent,
  type DelegateOptions,
  type DelegatePhase,
  type DelegateState,
  type DelegateStep,
  type DelegateTask,
} from './delegate-state.ts'

/**
 * The delegate's side of the protocol, pure. One state per delegate process, over all its connections.
 *
 * The driver carries effects out in their order, answers those that the event list has an answer for, and sends
 * `tick` at {@link nextDelegateDeadline}. Events of a socket that isn't the current one are ignored here, so that
 * the driver needs no book-keeping of its own.
 */
export function stepDelegate(state: DelegateState, event: DelegateEvent, env: DelegateEnv): DelegateStep {
  if (state.phase.name === 'stopped') return { state, effects: stoppedAnswer(event) }
  if ('socket' in event && event.socket !== state.socket) return { state, effects: [] }
  const draft = new DelegateDraft(state, env)
  apply(draft, event)
  const { drain, phase } = draft.state
  if (drain !== undefined && phase.name !== 'stopped' && draft.tasks.size === 0) draft.stop(drain.reason, false)
  return draft.done()
}

/** Whoever waits for a secret is told even when the machine has ended. */
function stoppedAnswer(event: DelegateEvent): DelegateStep['effects'] {
  if (event.type !== 'openSecrets') return []
  return [{ type: 'secretsRefused', requestId: event.requestId, message: 'The delegate has stopped.' }]
}

function apply(draft: DelegateDraft, event: DelegateEvent): void {
  switch (event.type) {
    case 'start':
      for (const taskId of runningTasks(draft)) draft.effect({ type: 'resumeTask', taskId })
      return draft.connect('start')
    case 'tick':
      return tick(draft)
    case 'socketOpened':
      return socketOpened(draft)
    case 'socketClosed':
      return socketClosed(draft, event.code, event.reason)
    case 'socketFailed':
      return isConnected(draft) ? draft.disconnect(event.message, 'backoff') : undefined
    case 'frame':
      draft.change({ lastHeardAt: draft.env.now })
      return takeFrame(draft, event.frame)
    case 'badFrame':
      draft.change({ lastHeardAt: draft.env.now })
      return takeBadFrame(draft, event.problem)
    case 'helloSigned':
      return sendHello(draft, event.token)
    case 'helloNotSigned':
      return draft.state.phase.name === 'signing' ? giveUp(draft, 'normal', event.message) : undefined
    case 'offerDecided':
      return decideOffer(draft, event)
    case 'grantPersisted':
      return grantPersisted(draft, event)
    case 'taskFinished':
      return taskFinished(draft, event.taskId)
    case 'progress':
      return draft.ready ? draft.send(event.message) : undefined
    case 'openSecrets':
      return openSecrets(draft, event)
    case 'drain':
      return startDrain(draft, event.reason, event.graceMs)
  }
}

function isConnected(draft: DelegateDraft): boolean {
  return draft.state.phase.name !== 'waiting' && draft.state.phase.name !== 'stopped'
}

function tick(draft: DelegateDraft): void {
  const { now } = draft.env
  const { drain, phase } = draft.state
  for (const [requestId, pending] of draft.secrets) {
    if (pending.deadline > now) continue
    draft.secrets.delete(requestId)
    const message = 'The control plane did not answer the request for secrets in time. Run the step again.'
    draft.effect({ type: 'secretsRefused', requestId, message })
  }
  if (drain !== undefined && drain.deadline <= now) {
    draft.log('warn', 'the grace period is over; unfinished work stays in the journal', { tasks: draft.tasks.size })
    return draft.stop(drain.reason, false)
  }
  switch (phase.name) {
    case 'waiting':
      return phase.until <= now ? draft.connect('its wait is over') : undefined
    case 'connecting':
    case 'challenging':
    case 'signing':
    case 'welcoming':
      return phase.deadline <= now ? giveUp(draft, 'handshakeTimeout', `no progress while ${phase.name}`) : undefined
    case 'ready':
      return tickReady(draft)
    case 'stopped':
      return
  }
}

function tickReady(draft: DelegateDraft): void {
  const { now } = draft.env
  const { phase } = draft.state
  if (phase.name !== 'ready') return
  if (silentAfter(draft.state) <= now) return giveUp(draft, 'heartbeatMissed', 'the server is silent')
  if (phase.nextBeatAt <= now) {
    const { sequence } = phase
    draft.send({ kind: 'heartbeat', body: { sequence, running: runningTasks(draft), results: reportingTasks(draft) } })
    const nextBeatAt = now + draft.state.heartbeatIntervalMs
    draft.change({ phase: { ...phase, sequence: sequence + 1, nextBeatAt } })
  }
  for (const task of draft.tasks.values()) {
    if (task.state === 'reporting' && task.sendAt <= now) sendResult(draft, task.taskId)
  }
}

function socketOpened(draft: DelegateDraft): void {
  if (draft.state.phase.name !== 'connecting') return
  const { now } = draft.env
  const deadline = now + draft.state.timing.handshakeWithinMs
  draft.change({ lastHeardAt: now, phase: { name: 'challenging', deadline } })
}

function socketClosed(draft: DelegateDraft, code: number, reason: string): void {
  if (!isConnected(draft)) return
  const { meaning, retry } = closeCodeOf(code)
  const text = reason === '' ? meaning : `${meaning}: ${reason}`
  if (retry === 'never') draft.log('error', 'the server closed the connection for good', { code, reason: text })
  draft.disconnect(`closed with ${code}, ${text}`, retry)
}

/** Closes the socket from this side and plans the next. */
function giveUp(draft: DelegateDraft, code: CloseCodeName, reason: string): void {
  draft.close(code, reason)
  draft.disconnect(reason, 'backoff')
}

function takeBadFrame(draft: DelegateDraft, problem: FrameProblem): void {
  if (!isConnected(draft)) return
  const { code, message, fatal, id } = problem
  draft.log('warn', 'the server sent a frame that this side cannot read', { code, problem: message })
  draft.send({ kind: 'error', body: { code, message, fatal, ...(id === undefined ? {} : { frameId: id }) } })
  if (fatal) giveUp(draft, closeCodeFor(problem), message)
}

/** Close code of a fatal problem; both sides use it. */
export function closeCodeFor(problem: FrameProblem): CloseCodeName {
  if (problem.code === 'frame.too-large') return 'tooLarge'
  return problem.code === 'frame.version' ? 'versionUnsupported' : 'badFrame'
}

function takeFrame(draft: DelegateDraft, frame: ServerFrame): void {
  const { name } = draft.state.phase
  if (frame.kind === 'error' || frame.kind === 'goodbye') return noteFrame(draft, frame)
  if (frame.kind === 'challenge' && name === 'challenging') return takeChallenge(draft, frame.body)
  if (frame.kind === 'welcome' && name === 'welcoming') return takeWelcome(draft, frame.body)
  if (name === 'ready') {
    if (takeReadyFrame(draft, frame)) return
  }
  // Frames after our own close of the socket don't get here: the phase is "waiting" then.
  if (name === 'waiting') return
  const message = `A frame "${frame.kind}" may not come while ${name}.`
  draft.send({ kind: 'error', body: { code: 'frame.unexpected', message, fatal: true, frameId: frame.id } })
  giveUp(draft, 'badFrame', message)
}

function noteFrame(draft: DelegateDraft, frame: Extract<ServerFrame, { kind: 'error' | 'goodbye' }>): void {
  if (frame.kind === 'goodbye') return draft.log('info', 'the server says goodbye', { reason: frame.body.reason })
  // A fatal one is followed by the close, whose code decides what comes next.
  const { code, message, taskId } = frame.body
  draft.log('warn', 'the server reports an error', { code, problem: message, taskId: taskId ?? '' })
}

/** @returns false for a kind that may not come now */
function takeReadyFrame(draft: DelegateDraft, frame: ServerFrame): boolean {
  switch (frame.kind) {
    case 'heartbeat':
      return true
    case 'task.offer':
      takeOffer(draft, frame.body)
      return true
    case 'task.withdraw':
      takeWithdrawal(draft, frame.body)
      return true
    case 'task.grant':
      takeGrant(draft, frame.body)
      return true
    case 'task.cancel':
      cancelTask(draft, frame.body.taskId, frame.body.reason)
      return true
    case 'task.result.ack':
      forgetResult(draft, frame.body.taskId)
      return true
    case 'secret.opened':
      if (draft.secrets.delete(frame.body.requestId)) {
        draft.effect({ type: 'secretsOpened', requestId: frame.body.requestId, secrets: frame.body.secrets })
      }
      return true
    case 'secret.refused':
      if (draft.secrets.delete(frame.body.requestId)) {
        draft.effect({ type: 'secretsRefused', requestId: frame.body.requestId, message: frame.body.message })
      }
      return true
    case 'drain':
      takeDrain(draft, frame.body)
      return true
    case 'challenge':
    case 'welcome':
    case 'goodbye':
    case 'error':
      return false
    default:
      return assertNever(frame)
  }
}

function takeChallenge(
  draft: DelegateDraft,
  body: { nonce: string; serverTimeMs: number; minVersion: number; maxVersion: number },
): void {
  if (PROTOCOL_VERSION < body.minVersion || PROTOCOL_VERSION > body.maxVersion) {
    const range = `${body.minVersion} to ${body.maxVersion}`
    return giveUp(
      draft,
      'versionUnsupported',
      `the server speaks versions ${range}, this delegate ${PROTOCOL_VERSION}; upgrade the older`,
    )
  }
  const deadline = draft.env.now + draft.state.timing.handshakeWithinMs
  draft.change({ phase: { name: 'signing', deadline } })
  const { socket } = draft.state
  draft.effect({ type: 'signHello', socket, nonce: body.nonce, serverTimeMs: body.serverTimeMs })
}

function sendHello(draft: DelegateDraft, token: string): void {
  if (draft.state.phase.name !== 'signing') return
  const { accountId, delegateId, delegateVersion, journalId, capabilities, capacity } = draft.state.options
  const running = runningTasks(draft)
  const results = reportingTasks(draft)
  draft.send({
    kind: 'hello',
    body: {
      accountId,
      delegateId,
      token,
      protocolVersion: PROTOCOL_VERSION,
      delegateVersion,
      journalId,
      capabilities: [...capabilities],
      capacity,
      running,
      results,
    },
  })
  const deadline = draft.env.now + draft.state.timing.handshakeWithinMs
  draft.change({ phase: { name: 'welcoming', deadline, announcedResults: results } })
}

function takeWelcome(draft: DelegateDraft, body: Extract<ServerFrame, { kind: 'welcome' }>['body']): void {
  const { phase, drain } = draft.state
  if (phase.name !== 'welcoming') return
  const { now } = draft.env
  const { connectionId, heartbeatIntervalMs, missedHeartbeats } = body
  draft.change({
    heartbeatIntervalMs,
    missedHeartbeats,
    phase: { name: 'ready', connectionId, since: now, nextBeatAt: now + heartbeatIntervalMs, sequence: 0 },
  })
  draft.log('info', 'connected', { connectionId })
  for (const taskId of reportingTasks(draft)) {
    // One that ended after the hello was not asked about, so it is sent; one that was and isn't wanted is closed.
    const unwanted = phase.announcedResults.includes(taskId) && !body.resultsWanted.includes(taskId)
    if (unwanted) forgetResult(draft, taskId)
    else sendResult(draft, taskId)
  }
  for (const { taskId, reason } of body.tasksToStop) cancelTask(draft, taskId, reason)
  for (const [requestId, { taskId, secrets }] of draft.secrets) {
    draft.send({ kind: 'secret.open', body: { requestId, taskId, secrets: [...secrets] } })
  }
  if (drain !== undefined) draft.send({ kind: 'drain', body: { reason: drain.reason } })
}

function openSecrets(draft: DelegateDraft, event: Extract<DelegateEvent, { type: 'openSecrets' }>): void {
  const { requestId, taskId, secrets } = event
  draft.secrets.set(requestId, { taskId, secrets, deadline: draft.env.now + draft.state.timing.secretWithinMs })
  if (draft.ready) draft.send({ kind: 'secret.open', body: { requestId, taskId, secrets: [...secrets] } })
}

function takeDrain(draft: DelegateDraft, body: Extract<ServerFrame, { kind: 'drain' }>['body']): void {
  if (body.mode === 'stop') return startDrain(draft, body.reason, body.graceMs)
  draft.send({ kind: 'goodbye', body: { reason: body.reason } })
  draft.close('normal', body.reason)
  draft.disconnect(`the server moves the connection: ${body.reason}`, 'now')
}

function startDrain(draft: DelegateDraft, reason: string, graceMs: number): void {
  const deadline = Math.min(draft.env.now + graceMs, draft.state.drain?.deadline ?? Number.POSITIVE_INFINITY)
  const first = draft.state.drain === undefined
  draft.wake(`drain: ${reason}`)
  draft.change({ drain: { reason, deadline } })
  if (first && draft.ready) draft.send({ kind: 'drain', body: { reason } })
}
