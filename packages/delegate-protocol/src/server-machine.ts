import { assertNever } from '@sluice/contracts/errors'
import type { FrameProblem } from './codec.ts'
import { closeCodeFor } from './delegate-machine.ts'
import type { DelegateFrame, HelloBody } from './frames.ts'
import { DEFAULT_TIMING, PROTOCOL_VERSION, SECRETS_LIMIT_BYTES } from './limits.ts'
import { ServerDraft } from './server-draft.ts'
import {
  delegateSilentAfter,
  type HeldTask,
  type HelloRefusal,
  type ServerEnv,
  type ServerEvent,
  type ServerOptions,
  type ServerState,
  type ServerStep,
} from './server-state.ts'
import { grantDecided, offerTask, takeAccept, takeHeartbeat, takeReject } from './server-tasks.ts'

export {
  nextServerDeadline,
  type HeldTask,
  type HelloRefusal,
  type OfferOutcome,
  type OpenOffer,
  type ServerEffect,
  type ServerEnv,
  type ServerEvent,
  type ServerOptions,
  type ServerPhase,
  type ServerState,
  type ServerStep,
} from './server-state.ts'

/** A fresh connection: its first effect sends the challenge. */
export function openServerConnection(options: ServerOptions, now: number): ServerStep {
  const timing = { ...DEFAULT_TIMING, ...options.timing }
  const { connectionId, nonce, minVersion = PROTOCOL_VERSION, maxVersion = PROTOCOL_VERSION } = options
  const state: ServerState = {
    connectionId,
    nonce,
    timing,
    minVersion,
    maxVersion,
    phase: { name: 'challenged', deadline: now + timing.handshakeWithinMs },
    hello: undefined,
    delegateDraining: false,
    lastHeardAt: now,
    nextBeatAt: now + timing.heartbeatIntervalMs,
    sequence: 0,
    offers: new Map(),
    held: new Map(),
  }
  const body = { nonce, serverTimeMs: now, minVersion, maxVersion }
  return { state, effects: [{ type: 'send', message: { kind: 'challenge', body } }] }
}

/**
 * The server's side of one connection, pure. The driver carries effects out in their order, answers those that the
 * event list has an answer for, and sends `tick` at {@link nextServerDeadline}. After `disconnected` it goes on
 * delivering answers to `grantTask`: a grant that was decided too late is released here.
 */
export function stepServer(state: ServerState, event: ServerEvent, env: ServerEnv): ServerStep {
  const draft = new ServerDraft(state, env)
  if (state.phase.name === 'closed') applyClosed(draft, event)
  else apply(draft, event)
  return draft.done()
}

function applyClosed(draft: ServerDraft, event: ServerEvent): void {
  if (event.type === 'grantDecided') grantDecided(draft, event)
  if (event.type !== 'offer') return
  const { offerId, task } = event
  const reason = 'The connection of the delegate has ended.'
  draft.effect({ type: 'offerEnded', taskId: task.taskId, offerId, outcome: 'disconnected', reason })
}

function apply(draft: ServerDraft, event: ServerEvent): void {
  switch (event.type) {
    case 'tick':
      return tick(draft)
    case 'frame':
      draft.change({ lastHeardAt: draft.env.now })
      return takeFrame(draft, event.frame)
    case 'badFrame':
      draft.change({ lastHeardAt: draft.env.now })
      return takeBadFrame(draft, event.problem)
    case 'socketClosed':
      return draft.disconnected(event.reason === '' ? `closed with ${event.code}` : event.reason)
    case 'helloVerified':
      return helloVerified(draft, event.held)
    case 'helloRefused':
      return helloRefused(draft, event.close, event.message)
    case 'offer':
      return offerTask(draft, event)
    case 'grantDecided':
      return grantDecided(draft, event)
    case 'resultClosed': {
      draft.held.delete(event.taskId)
      const { taskId, disposition } = event
      return draft.send({ kind: 'task.result.ack', body: { taskId, disposition } })
    }
    case 'resultNotClosed': {
      const { taskId, code, message } = event
      return draft.send({ kind: 'error', body: { code, message, fatal: false, taskId } })
    }
    case 'cancelTask':
      return draft.open
        ? draft.send({ kind: 'task.cancel', body: { taskId: event.taskId, reason: event.reason } })
        : undefined
    case 'secretsOpened':
      return answerSecrets(draft, event)
    case 'secretsRefused': {
      const { requestId, taskId, message } = event
      return draft.send({ kind: 'secret.refused', body: { requestId, taskId, message } })
    }
    case 'drain':
      return startDrain(draft, event)
    case 'revoke':
      draft.send({ kind: 'goodbye', body: { reason: event.reason } })
      return draft.close('revoked', event.reason)
    case 'supersede':
      draft.send({ kind: 'goodbye', body: { reason: event.reason } })
      return draft.close('superseded', event.reason)
  }
}

function tick(draft: ServerDraft): void {
  const { now } = draft.env
  const { phase, timing } = draft.state
  if (phase.name === 'challenged' || phase.name === 'verifying') {
    if (phase.deadline <= now) draft.close('handshakeTimeout', `no valid hello within ${timing.handshakeWithinMs} ms`)
    return
  }
  if (delegateSilentAfter(draft.state) <= now) return draft.close('heartbeatMissed', 'the delegate is silent')
  if (phase.name === 'draining' && phase.deadline <= now) return draft.close('goingAway', 'the server goes away')
  if (draft.state.nextBeatAt <= now) {
    const { sequence } = draft.state
    draft.send({ kind: 'heartbeat', body: { sequence } })
    draft.change({ sequence: sequence + 1, nextBeatAt: now + timing.heartbeatIntervalMs })
  }
  for (const [taskId, { offerId, deadline }] of draft.offers) {
    if (deadline > now) continue
    const reason = 'The offer was not taken in time.'
    draft.send({ kind: 'task.withdraw', body: { taskId, offerId, reason } })
    draft.endOffer(taskId, 'timedOut', reason)
  }
}

function takeBadFrame(draft: ServerDraft, problem: FrameProblem): void {
  const { code, message, fatal, id } = problem
  draft.log('warn', 'the delegate sent a frame that this side cannot read', { code, problem: message })
  draft.send({ kind: 'error', body: { code, message, fatal, ...(id === undefined ? {} : { frameId: id }) } })
  if (fatal) draft.close(closeCodeFor(problem), message)
}

function takeFrame(draft: ServerDraft, frame: DelegateFrame): void {
  if (frame.kind === 'error') {
    const { code, message, taskId } = frame.body
    return draft.log('warn', 'the delegate reports an error', { code, problem: message, taskId: taskId ?? '' })
  }
  if (frame.kind === 'goodbye') {
    return draft.log('info', 'the delegate says goodbye', { reason: frame.body.reason })
  }
  if (frame.kind === 'hello' && draft.state.phase.name === 'challenged') return takeHello(draft, frame.body)
  if (draft.open && takeReadyFrame(draft, frame)) return
  const message = `A frame "${frame.kind}" may not come while ${draft.state.phase.name}.`
  draft.send({ kind: 'error', body: { code: 'frame.unexpected', message, fatal: true, frameId: frame.id } })
  draft.close('badFrame', message)
}

/** @returns false for a kind that may not come now */
function takeReadyFrame(draft: ServerDraft, frame: DelegateFrame): boolean {
  switch (frame.kind) {
    case 'heartbeat':
      takeHeartbeat(draft, frame.body)
      return true
    case 'task.accept':
      takeAccept(draft, frame.body)
      return true
    case 'task.reject':
      takeReject(draft, frame.body)
      return true
    case 'task.progress': {
      const { taskId, events, dropped } = frame.body
      if (draft.held.has(taskId)) draft.effect({ type: 'taskProgress', taskId, events, dropped })
      return true
    }
    case 'task.chunk':
      draft.effect({ type: 'receiveChunk', chunk: frame.body })
      return true
    case 'task.result':
      // Also for a task that isn't held: the row decides whether it is a duplicate, late or unknown.
      draft.effect({ type: 'receiveResult', body: frame.body })
      return true
    case 'secret.open': {
      const { requestId, taskId, secrets } = frame.body
      if (draft.held.has(taskId)) draft.effect({ type: 'openSecrets', requestId, taskId, secrets })
      else {
        const message = `The delegate does not hold task "${taskId}", so its secrets stay closed.`
        draft.send({ kind: 'secret.refused', body: { requestId, taskId, message } })
      }
      return true
    }
    case 'drain':
      draft.change({ delegateDraining: true })
      draft.effect({ type: 'delegateDraining', reason: frame.body.reason })
      return true
    case 'hello':
    case 'goodbye':
    case 'error':
      return false
    default:
      return assertNever(frame)
  }
}

function answerSecrets(draft: ServerDraft, event: Extract<ServerEvent, { type: 'secretsOpened' }>): void {
  const { requestId, taskId, secrets } = event
  const bytes = secrets.reduce((sum, secret) => sum + secret.ciphertext.length, 0)
  if (bytes > SECRETS_LIMIT_BYTES) {
    const message = `The ${secrets.length} secrets don't fit in one frame. Ask for fewer at once.`
    return draft.send({ kind: 'secret.refused', body: { requestId, taskId, message } })
  }
  draft.send({ kind: 'secret.opened', body: { requestId, taskId, secrets: [...secrets] } })
}

function takeHello(draft: ServerDraft, hello: HelloBody): void {
  const { minVersion, maxVersion, nonce, phase } = draft.state
  if (phase.name !== 'challenged') return
  draft.change({ hello })
  if (hello.protocolVersion < minVersion || hello.protocolVersion > maxVersion) {
    const message = `The delegate speaks version ${hello.protocolVersion}; the server speaks ${minVersion} to ${maxVersion}. Upgrade the older.`
    draft.send({ kind: 'error', body: { code: 'frame.version', message, fatal: true } })
    return draft.close('versionUnsupported', message)
  }
  draft.change({ phase: { name: 'verifying', deadline: phase.deadline } })
  draft.effect({ type: 'verifyHello', hello, nonce })
}

function helloRefused(draft: ServerDraft, close: HelloRefusal, message: string): void {
  if (draft.state.phase.name !== 'verifying') return
  draft.send({ kind: 'error', body: { code: 'handshake.refused', message, fatal: true } })
  draft.close(close, message)
}

/** Settles what the two sides believe about held tasks: the table of section 4. */
function helloVerified(draft: ServerDraft, held: readonly HeldTask[]): void {
  const { hello, phase, timing, connectionId } = draft.state
  if (phase.name !== 'verifying' || hello === undefined) return
  const { now } = draft.env
  const running = new Set(hello.running)
  const results = new Set(hello.results)
  const known = new Set(held.map((task) => task.taskId))
  const reason = 'The task is no longer assigned to this delegate.'
  draft.send({
    kind: 'welcome',
    body: {
      delegateId: hello.delegateId,
      connectionId,
      heartbeatIntervalMs: timing.heartbeatIntervalMs,
      missedHeartbeats: timing.missedHeartbeats,
      leaseMs: timing.leaseMs,
      resultsWanted: hello.results.filter((taskId) => known.has(taskId)),
      tasksToStop: hello.running.filter((taskId) => !known.has(taskId)).map((taskId) => ({ taskId, reason })),
    },
  })
  draft.change({ phase: { name: 'ready' }, nextBeatAt: now + timing.heartbeatIntervalMs })
  draft.effect({ type: 'connected', hello })
  const resumed: string[] = []
  for (const task of held) {
    const { taskId, offerId } = task
    if (running.has(taskId) || results.has(taskId)) {
      draft.held.set(taskId, { offerId, state: 'running' })
      resumed.push(taskId)
      if (task.cancelReason !== undefined && running.has(taskId)) {
        draft.send({ kind: 'task.cancel', body: { taskId, reason: task.cancelReason } })
      }
      continue
    }
    if (task.journalId === hello.journalId && task.state === 'granted') {
      draft.effect({ type: 'releaseGrant', taskId, offerId })
      continue
    }
    const message = `Delegate "${hello.delegateId}" came back without the task and without its journal, so nobody knows how far it got. Look at the database before you run the step again.`
    draft.effect({ type: 'loseTask', taskId, offerId, message })
  }
  if (resumed.length > 0) draft.effect({ type: 'extendLeases', taskIds: resumed, leaseUntil: now + timing.leaseMs })
  draft.log('info', 'delegate connected', { resumed: resumed.length, version: hello.delegateVersion })
}

function startDrain(draft: ServerDraft, event: Extract<ServerEvent, { type: 'drain' }>): void {
  const { mode, reason, graceMs } = event
  if (!draft.open) return mode === 'reconnect' ? draft.close('goingAway', reason) : undefined
  draft.send({ kind: 'drain', body: { mode, reason, graceMs } })
  if (mode === 'stop') return draft.change({ delegateDraining: true })
  draft.change({ phase: { name: 'draining', deadline: draft.env.now + draft.state.timing.serverDrainMs } })
}
