import type { Failure } from '@sluice/contracts/errors'

/** What a pod is made of. */
export interface PodSpec {
  /** Made by the control plane; one pod per id. */
  podId: string
  /** Step containers by name. */
  steps: readonly { name: string; kind: 'db-step' }[]
  /** Opened secret values by name; they go to the lite engine over the pod's mutual TLS, and to no disk. */
  secrets: Readonly<Record<string, string>>
  log: LogDestination
  /** W3C trace context that the pod's own log belongs to. */
  traceparent?: string
  /**
   * Milliseconds that the pod lives without running an attempt; then it ends by itself, as by `cleanup`. Whoever made it
   * may be gone or know nothing of it any more, and it holds opened secrets.
   */
  maxIdleMs: number
}

/** What the end of a pod left behind. */
export interface PodEnd {
  /** Log lines that the log service didn't take in time; undefined where the lite engine couldn't be asked. */
  unshippedLines: number | undefined
}

/** Where the pod's log lines go. */
export interface LogDestination {
  /** Public listener of the log service, without a path. */
  url: string
  /** Certificates to trust, PEM; empty for the platform's own. */
  caPem: string
  /** Append-only token for the execution's keys. */
  token: string
  /** Key of the log of the pod's start. */
  initKey?: string
}

/** One attempt to run one step of a pod. */
export interface StepRequest {
  attemptId: string
  /** Name of the step container. */
  container: string
  operation: string
  /** Parameters of the operation as JSON; the step checks them. */
  parameters: unknown
  /** Secrets of this attempt only; all names that the step gets are `secretNames`. */
  secrets?: Readonly<Record<string, string>>
  secretNames: readonly string[]
  logKey: string
  logToken?: string
  traceparent?: string
  /** 0 or absent: no limit of the pod's own. */
  timeoutMs?: number
  /** Events up to this number are left out: for attaching again. */
  afterSeq?: number
}

export type UnitStatus = 'running' | 'succeeded' | 'failed' | 'skipped'

/** What a running step tells, in order, each with its number in the attempt. */
export type StepEvent = { seq: number } & (
  | { kind: 'status'; state: 'waiting' | 'running' | 'cancelling'; at: number }
  | { kind: 'unit'; name: string; status: UnitStatus; at: number; durationMs: number }
  | {
      kind: 'changeset'
      changeset: { path: string; id: string; author: string }
      state: string
      at: number
      durationMs: number
      index: number
      total: number
      message: string
    }
  | { kind: 'log'; shipping: 'flowing' | 'retrying' | 'stored' | 'gaveUp'; ackedSeq: number; message: string }
  | { kind: 'result'; outcome: StepOutcome }
)

export type OutputValue = string | number | boolean | null

/** How an attempt ended, with everything it left. */
export interface StepOutcome {
  status: 'succeeded' | 'failed' | 'cancelled'
  /** Present unless it succeeded. */
  failure?: Failure
  outputs: Record<string, OutputValue>
  /** Large outputs as UTF-8 JSON, by name: `plan`, `changesets`. */
  documents: { name: string; bytes: Buffer }[]
  /** The operation's own result, JSON. */
  body: unknown
  units: { name: string; status: UnitStatus; startedAt: number; endedAt?: number }[]
  durationMs: number
}

/** A pod that is ready for steps. */
export interface Pod {
  readonly podId: string
  /** What the start took, for logs and measurements, in milliseconds. */
  readonly startup: { readyMs: number; isWarm: boolean }
  /** Resolves with a sentence when the pod is lost: one of its containers ended without being asked. */
  readonly lost: Promise<string>

  /**
   * Runs a step and yields its events; the last one is the result. Attempts run one after the other in the order of the
   * calls. The same attempt id again attaches to the running or finished attempt. Leaving the loop does not stop the
   * step. A step that fails is a result.
   * @throws AppError POD_LOST when the pod is gone before the result, INVALID_REQUEST for an unknown container.
   */
  execute(request: StepRequest, signal?: AbortSignal): AsyncGenerator<StepEvent, void, void>

  /** Cancels an attempt and waits for its end (its statement is cancelled on the server), `withinMs` at most. */
  cancelStep(attemptId: string, reason: string, withinMs: number): Promise<{ known: boolean; ended: boolean }>
}

/**
 * Where pods run. A pod is one lite engine and one step container per image, a shared workspace and a network of its
 * own. Implementations: processes of this machine (here), Docker and Kubernetes (later), a scripted one for tests.
 *
 * Lifecycle: `init` makes the pod and returns when its lite engine has its secrets and is connected to every step, so
 * that an execute pays no connection. `cleanup` ends it: what runs is cancelled and waited for, logs get a grace period
 * to be shipped, then everything is removed: processes, folders, addresses, keys. A pod whose init fails leaves nothing.
 * A pod that runs nothing for its `maxIdleMs` is cleaned up without being asked.
 * `sweep` removes what a killed delegate left. `close` cleans up every pod of this runtime. Reattaching to a pod after a
 * restart of the delegate belongs here too, where the runtime's pods outlive it; processes end with their delegate.
 *
 * Concurrency: all methods may be called at once and for different pods; `init` and `cleanup` of the same pod are
 * idempotent, also while another call for that pod is under way.
 *
 * Errors: `init` throws AppError POD_INIT_FAILED with the reason; an aborted init cleans up after itself.
 */
export interface PodRuntime {
  readonly kind: 'process' | 'docker' | 'kubernetes'
  init(spec: PodSpec, signal?: AbortSignal): Promise<Pod>
  /** The pod, if this runtime has it. */
  find(podId: string): Pod | undefined
  /** Ends and removes a pod; resolves at once, with undefined, for one that is not here. */
  cleanup(podId: string): Promise<PodEnd | undefined>
  /** Removes what killed delegates left on this machine. */
  sweep(): Promise<{ removed: string[]; killed: number[] }>
  close(): Promise<void>
}
