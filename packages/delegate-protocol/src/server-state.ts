import type { FrameProblem } from './codec.ts'
import type {
  ChunkBody,
  DelegateFrame,
  HelloBody,
  OfferedTask,
  OpenedSecret,
  ResultBody,
  ResultDisposition,
  SecretWanted,
  ServerMessage,
} from './frames.ts'
import type { Timing } from './limits.ts'

/** State, events and effects of one connection on the server (section 12 of the specification). */

export interface ServerOptions {
  connectionId: string
  nonce: string
  timing?: Partial<Timing>
  minVersion?: number
  maxVersion?: number
}

export type ServerPhase =
  | { name: 'challenged' | 'verifying'; deadline: number }
  | { name: 'ready' }
  | { name: 'draining'; deadline: number }
  | { name: 'closed' }

export interface OpenOffer {
  offerId: string
  /** `granting`: accepted, and the compare-and-set is under way. */
  state: 'offered' | 'granting'
  deadline: number
}

/** A task that this delegate holds by the rows of the database. */
export interface HeldTask {
  taskId: string
  offerId: string
  /** Journal of the delegate when it was granted. */
  journalId: string
  state: 'granted' | 'running'
  cancelReason?: string | undefined
}

export interface ServerState {
  connectionId: string
  nonce: string
  timing: Timing
  minVersion: number
  maxVersion: number
  phase: ServerPhase
  hello: HelloBody | undefined
  /** The delegate said that it leaves. */
  delegateDraining: boolean
  lastHeardAt: number
  nextBeatAt: number
  sequence: number
  offers: ReadonlyMap<string, OpenOffer>
  held: ReadonlyMap<string, { offerId: string; state: 'granted' | 'running' }>
}

export type HelloRefusal = 'unauthenticated' | 'revoked' | 'unknownDelegate' | 'awaitingApproval'

export type ServerEvent =
  | { type: 'tick' }
  | { type: 'frame'; frame: DelegateFrame }
  | { type: 'badFrame'; problem: FrameProblem }
  | { type: 'socketClosed'; code: number; reason: string }
  | { type: 'helloVerified'; held: readonly HeldTask[] }
  | { type: 'helloRefused'; close: HelloRefusal; message: string }
  | { type: 'offer'; task: OfferedTask; offerId: string }
  /** Every `grantTask` is answered, also when the database failed: then `granted` is false. */
  | { type: 'grantDecided'; taskId: string; offerId: string; granted: boolean }
  | { type: 'resultClosed'; taskId: string; disposition: ResultDisposition }
  | { type: 'resultNotClosed'; taskId: string; code: 'result.invalid' | 'result.not-stored'; message: string }
  | { type: 'cancelTask'; taskId: string; reason: string }
  | { type: 'secretsOpened'; requestId: string; taskId: string; secrets: readonly OpenedSecret[] }
  | { type: 'secretsRefused'; requestId: string; taskId: string; message: string }
  /** `reconnect`: this replica goes away. `stop`: a person drains the delegate. */
  | { type: 'drain'; mode: 'reconnect' | 'stop'; reason: string; graceMs: number }
  | { type: 'revoke'; reason: string }
  | { type: 'supersede'; reason: string }

export type OfferOutcome = 'rejected' | 'timedOut' | 'disconnected' | 'notGranted'

export type ServerEffect =
  | { type: 'send'; message: ServerMessage }
  | { type: 'close'; code: number; reason: string }
  /**
   * Check the token with `verifyHello`; **then** make this connection the delegate's current one (row and registry,
   * superseding an older); **then** load the tasks it holds; then `helloVerified` or `helloRefused`.
   * In that order no grant of an older connection can slip in unseen.
   */
  | { type: 'verifyHello'; hello: HelloBody; nonce: string }
  /** The delegate may be offered tasks now. */
  | { type: 'connected'; hello: HelloBody }
  /**
   * Compare-and-set offered → granted (`nextTask` "grant"), only while this connection is the delegate's current one;
   * then `grantDecided`.
   */
  | { type: 'grantTask'; taskId: string; offerId: string; journalId: string; leaseUntil: number }
  /** `nextTask` "endOffer": offer it elsewhere. */
  | { type: 'offerEnded'; taskId: string; offerId: string; outcome: OfferOutcome; reason: string }
  /** `nextTask` "release": granted, but the grant never arrived. */
  | { type: 'releaseGrant'; taskId: string; offerId: string }
  /** `nextTask` "extend" for each; one that is refused is answered with the event `cancelTask`. */
  | { type: 'extendLeases'; taskIds: readonly string[]; leaseUntil: number }
  /** `nextTask` "lose". */
  | { type: 'loseTask'; taskId: string; offerId: string; message: string }
  | { type: 'taskProgress'; taskId: string; events: readonly unknown[]; dropped: number }
  /** Into the connection's `ResultAssembler`. */
  | { type: 'receiveChunk'; chunk: ChunkBody }
  /** Out of the assembler, `nextTask` "result" in one transaction with the submitter's message; then `resultClosed` or `resultNotClosed`. */
  | { type: 'receiveResult'; body: ResultBody }
  /** Only secrets named in the task's row; then `secretsOpened` or `secretsRefused`. */
  | { type: 'openSecrets'; requestId: string; taskId: string; secrets: readonly SecretWanted[] }
  | { type: 'delegateDraining'; reason: string }
  /** Last effect of a connection, exactly once. Held tasks live on until their leases end. */
  | { type: 'disconnected'; reason: string; heldTaskIds: readonly string[] }
  | { type: 'log'; level: 'info' | 'warn' | 'error'; message: string; fields: Record<string, string | number> }

export interface ServerEnv {
  /** Milliseconds since 1970. */
  now: number
}

export interface ServerStep {
  state: ServerState
  effects: ServerEffect[]
}

/** When the delegate counts as dead unless it is heard of. */
export function delegateSilentAfter(state: ServerState): number {
  return state.lastHeardAt + state.timing.heartbeatIntervalMs * state.timing.missedHeartbeats
}

/** When to send `tick`, in milliseconds since 1970; undefined once closed. */
export function nextServerDeadline(state: ServerState): number | undefined {
  const { phase } = state
  if (phase.name === 'closed') return undefined
  if (phase.name === 'challenged' || phase.name === 'verifying') return phase.deadline
  const times = [delegateSilentAfter(state), state.nextBeatAt]
  if (phase.name === 'draining') times.push(phase.deadline)
  for (const offer of state.offers.values()) times.push(offer.deadline)
  return Math.min(...times)
}
