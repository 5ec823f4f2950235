import type { FrameProblem } from './codec.ts'
import type { RecoveredTask } from './delegate-store.ts'
import type {
  DelegateMessage,
  OfferedTask,
  OpenedSecret,
  RejectReason,
  SecretWanted,
  ServerFrame,
  TaskResult,
} from './frames.ts'
import { DEFAULT_TIMING, type Timing } from './limits.ts'

/** State, events and effects of the delegate's side (section 12 of the specification). */

export interface DelegateOptions {
  accountId: string
  delegateId: string
  delegateVersion: string
  /** Of the store: see {@link DelegateStore.load}. */
  journalId: string
  capabilities: readonly string[]
  /** Tasks at once. */
  capacity: number
  timing?: Partial<Timing>
}

export type DelegatePhase =
  | { name: 'waiting'; until: number; reason: string }
  | { name: 'connecting'; deadline: number }
  | { name: 'challenging'; deadline: number }
  | { name: 'signing'; deadline: number }
  | { name: 'welcoming'; deadline: number; announcedResults: readonly string[] }
  | { name: 'ready'; connectionId: string; since: number; nextBeatAt: number; sequence: number }
  | { name: 'stopped'; reason: string }

export type DelegateTask = { taskId: string; offerId: string } & (
  | { state: 'offered' | 'accepted'; task: OfferedTask }
  | { state: 'granted'; task: OfferedTask; cancelReason?: string }
  | { state: 'running'; cancelReason?: string }
  | { state: 'reporting'; sendAt: number }
)

export interface PendingSecrets {
  taskId: string
  secrets: readonly SecretWanted[]
  deadline: number
}

export interface DelegateState {
  options: DelegateOptions
  timing: Timing
  phase: DelegatePhase
  /** Number of the current socket; events of any other are ignored. */
  socket: number
  /** Failed connections in a row. */
  attempt: number
  lastHeardAt: number
  /** Interval and patience that the server chose. */
  heartbeatIntervalMs: number
  missedHeartbeats: number
  drain: { reason: string; deadline: number } | undefined
  tasks: ReadonlyMap<string, DelegateTask>
  secrets: ReadonlyMap<string, PendingSecrets>
  /** The last reasons for waking, newest last, for the debug page. */
  wakes: readonly { at: number; reason: string }[]
}

export type DelegateEvent =
  | { type: 'start' }
  | { type: 'tick' }
  | { type: 'socketOpened'; socket: number }
  | { type: 'socketClosed'; socket: number; code: number; reason: string }
  | { type: 'socketFailed'; socket: number; message: string }
  | { type: 'frame'; socket: number; frame: ServerFrame }
  | { type: 'badFrame'; socket: number; problem: FrameProblem }
  | { type: 'helloSigned'; socket: number; token: string }
  | { type: 'helloNotSigned'; socket: number; message: string }
  /** Without `reject` the offer is accepted. */
  | { type: 'offerDecided'; taskId: string; offerId: string; reject?: RejectReason }
  | { type: 'grantPersisted'; taskId: string; error?: string }
  /** The result is in the store. */
  | { type: 'taskFinished'; taskId: string }
  /** From the progress buffer; dropped while not connected. */
  | { type: 'progress'; message: DelegateMessage }
  | { type: 'openSecrets'; requestId: string; taskId: string; secrets: readonly SecretWanted[] }
  | { type: 'drain'; reason: string; graceMs: number }

export type DelegateEffect =
  | { type: 'connect'; socket: number }
  | { type: 'closeSocket'; socket: number; code: number; reason: string }
  | { type: 'send'; socket: number; message: DelegateMessage }
  | { type: 'signHello'; socket: number; nonce: string; serverTimeMs: number }
  /** Ask the owner's policy, then `offerDecided`. */
  | { type: 'decideOffer'; task: OfferedTask; offerId: string }
  /** Write the grant durably, then `grantPersisted`. */
  | { type: 'persistGrant'; task: OfferedTask; offerId: string }
  | { type: 'runTask'; task: OfferedTask }
  /** It was granted before a restart and has no result: reattach, or save a failure; then `taskFinished`. */
  | { type: 'resumeTask'; taskId: string }
  /** Stop it. It still ends with `taskFinished`. */
  | { type: 'cancelTask'; taskId: string; reason: string }
  /** It never ran: save a result of this status and message, then `taskFinished`. */
  | { type: 'skipTask'; taskId: string; status: TaskResult['status']; message: string }
  /** Read the result from the store and send `resultMessages` of it. */
  | { type: 'sendResult'; socket: number; taskId: string }
  | { type: 'forgetTask'; taskId: string }
  | { type: 'secretsOpened'; requestId: string; secrets: readonly OpenedSecret[] }
  | { type: 'secretsRefused'; requestId: string; message: string }
  | { type: 'log'; level: 'info' | 'warn' | 'error'; message: string; fields: Record<string, string | number> }
  /** Last effect of all. `final` is false after a drain, true where only a person can help. */
  | { type: 'stopped'; reason: string; final: boolean }

export interface DelegateEnv {
  /** Milliseconds since 1970. */
  now: number
  /** 0 ≤ random < 1, for the jitter. */
  random: number
}

export interface DelegateStep {
  state: DelegateState
  effects: DelegateEffect[]
}

/** The state before `start`. `recovered` is what the store found. */
export function startDelegate(options: DelegateOptions, recovered: readonly RecoveredTask[] = []): DelegateState {
  const timing = { ...DEFAULT_TIMING, ...options.timing }
  const tasks = recovered.map(({ taskId, offerId, state }): [string, DelegateTask] => [
    taskId,
    state === 'granted' ? { taskId, offerId, state: 'running' } : { taskId, offerId, state: 'reporting', sendAt: 0 },
  ])
  return {
    options,
    timing,
    phase: { name: 'waiting', until: 0, reason: 'start' },
    socket: 0,
    attempt: 0,
    lastHeardAt: 0,
    heartbeatIntervalMs: timing.heartbeatIntervalMs,
    missedHeartbeats: timing.missedHeartbeats,
    drain: undefined,
    tasks: new Map(tasks),
    secrets: new Map(),
    wakes: [],
  }
}

/** When to send `tick`, in milliseconds since 1970; undefined when only another event can change anything. */
export function nextDelegateDeadline(state: DelegateState): number | undefined {
  const { phase } = state
  if (phase.name === 'stopped') return undefined
  const times: number[] = []
  if (phase.name === 'waiting') times.push(phase.until)
  else if (phase.name === 'ready') {
    times.push(phase.nextBeatAt, silentAfter(state))
    for (const task of state.tasks.values()) if (task.state === 'reporting') times.push(task.sendAt)
  } else times.push(phase.deadline)
  for (const pending of state.secrets.values()) times.push(pending.deadline)
  if (state.drain !== undefined) times.push(state.drain.deadline)
  return Math.min(...times)
}

/** When the server counts as dead unless it is heard of. */
export function silentAfter(state: DelegateState): number {
  return state.lastHeardAt + state.heartbeatIntervalMs * state.missedHeartbeats
}

/** For the debug page: the state of the loop in words and numbers. */
export function describeDelegate(state: DelegateState): Record<string, unknown> {
  return {
    delegateId: state.options.delegateId,
    phase: state.phase,
    attempt: state.attempt,
    socket: state.socket,
    lastHeardAt: state.lastHeardAt,
    draining: state.drain ?? null,
    tasks: [...state.tasks.values()].map(({ taskId, state: taskState }) => ({ taskId, state: taskState })),
    pendingSecretRequests: state.secrets.size,
    nextDeadline: nextDelegateDeadline(state) ?? null,
    wakes: state.wakes,
  }
}
