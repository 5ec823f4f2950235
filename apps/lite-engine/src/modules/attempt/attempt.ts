import { isAppError } from '@sluice/contracts/errors'
import { EventLog, callUnary, isServiceError, readStream } from '@sluice/pod/grpc'
import { cutLine, inEdgeSpan } from '@sluice/pod/program'
import { AttemptState, LogShipping, type ExecuteStepRequest, type ExecuteStepResponse } from '@sluice/proto/lite-engine'
import {
  StepStatus,
  type ExecuteResponse,
  type LogLine,
  type StepResult,
  type StepServiceClient,
} from '@sluice/proto/step'
import { createMasker, type Masker } from '@sluice/secrets/masking'
import type { LogRegistry } from '../log/log-registry.ts'
import type { LogShipper, ShippingState } from '../log/log-shipper.ts'
import type { SpoolLine } from '../log/log-spool.ts'
import type { PodState } from '../pod/pod-state.ts'
import { OutputMasker, maskChangeset, maskResult } from './mask-event.ts'

export type AttemptEvent = NonNullable<ExecuteStepResponse['event']>

/** A cancelled statement is waited for on the server; the step itself decides when it gives up. */
const CANCEL_CALL_MS = 60_000

/** One attempt of one step: runs at most once, and anybody may read its events from the start. */
export class Attempt {
  readonly id: string
  readonly events = new EventLog<AttemptEvent>()
  readonly ended: Promise<void>
  readonly #request: ExecuteStepRequest
  readonly #pod: PodState
  readonly #logs: LogRegistry
  readonly #end: () => void
  #cancelReason: { reason: string; isTimeout: boolean } | undefined
  #step: StepServiceClient | undefined
  #shipper: LogShipper | undefined

  constructor(request: ExecuteStepRequest, pod: PodState, logs: LogRegistry) {
    this.id = request.attemptId
    this.#request = request
    this.#pod = pod
    this.#logs = logs
    const ended = Promise.withResolvers<void>()
    this.ended = ended.promise
    this.#end = ended.resolve
  }

  /** Says that another attempt of the pod is before this one. */
  wait(): void {
    this.#addStatus(AttemptState.WAITING)
  }

  /** Runs the attempt to its result. Never throws: whatever goes wrong is the result. */
  async run(): Promise<void> {
    const startedAt = Date.now()
    const { timeoutMs } = this.#request
    const timer =
      timeoutMs === 0
        ? undefined
        : setTimeout(() => void this.#cancel(`its time limit of ${timeoutMs} ms is over`, true), timeoutMs)
    try {
      const result = await this.#execute()
      this.#finish(this.#cancelReason?.isTimeout ? asTimeout(result, timeoutMs) : result)
    } catch (error) {
      this.#finish(failed(isAppError(error) ? error.code : 'POD_LOST', describe(error), ['Unknown'], startedAt))
    } finally {
      clearTimeout(timer)
      if (this.#shipper) this.#logs.finish(this.#shipper)
      this.#end()
    }
  }

  /** Cancels the attempt, also one that waits. Resolves when the step took notice; `ended` tells when it is over. */
  cancel(reason: string): Promise<void> {
    return this.#cancel(reason, false)
  }

  async #cancel(reason: string, isTimeout: boolean): Promise<void> {
    if (this.events.isEnded || this.#cancelReason) return
    this.#cancelReason = { reason, isTimeout }
    this.#addStatus(AttemptState.CANCELLING)
    const step = this.#step
    if (step === undefined) return
    try {
      const request = { attemptId: this.id, reason, waitMs: CANCEL_CALL_MS / 2 }
      await callUnary(step.cancel.bind(step), request, { withinMs: CANCEL_CALL_MS })
    } catch (error) {
      this.#line('warn', `The step did not take the cancellation: ${describe(error)}`)
    }
  }

  async #execute(): Promise<StepResult> {
    const request = this.#request
    const startedAt = Date.now()
    if (this.#cancelReason) return cancelled(this.#cancelReason.reason, startedAt)
    const step = this.#pod.steps.get(request.container)
    if (step === undefined) {
      const sentence = `The pod has no step container "${request.container}".`
      return failed('INVALID_REQUEST', sentence, ['Unknown'], startedAt)
    }
    const known = new Map([...this.#pod.secrets, ...Object.entries(request.secrets)])
    const secrets: Record<string, string> = {}
    for (const name of request.secretNames) {
      const value = known.get(name)
      if (value === undefined) {
        const sentence = `The secret "${name}" did not reach the pod. Run the step again; if it stays, look at the delegate's log.`
        return failed('SECRET_NOT_OPENED', sentence, ['Authentication'], startedAt)
      }
      secrets[name] = value
    }
    // Values of the whole pod: what one step prints may come from another.
    const masker = createMasker(known.values())
    this.#shipper = await this.#openLog()
    this.#step = step
    this.#addStatus(AttemptState.RUNNING)
    const { operation, parameters, traceParent } = request
    const edge = { traceparent: traceParent, from: 'lite-engine', to: 'step-container' }
    try {
      return await inEdgeSpan(`step ${operation}`, edge, (traceparent = '') => {
        const call = { attemptId: this.id, operation, parameters, secrets, traceParent: traceparent, afterSeq: 0 }
        return this.#follow(readStream(step.execute(call)), masker)
      })
    } catch (error) {
      if (!isServiceError(error)) throw error
      const sentence = `The step's process ended before its result (${error.details}). Check the state of the database before you retry.`
      this.#line('error', sentence)
      return failed('POD_LOST', sentence, ['Unknown'], startedAt)
    }
  }

  async #follow(stream: AsyncIterable<ExecuteResponse>, masker: Masker): Promise<StepResult> {
    const outputs = new OutputMasker(masker)
    for await (const { event } of stream) {
      switch (event?.$case) {
        case 'log':
          for (const line of event.value.lines) this.#shipper?.append(spoolLine(line, masker))
          break
        case 'unit':
          this.events.append(event)
          break
        case 'output':
          for (const value of outputs.add(event.value)) this.events.append({ $case: 'output', value })
          break
        case 'changeset':
          this.events.append({ $case: 'changeset', value: maskChangeset(masker, event.value) })
          break
        case 'result':
          return maskResult(masker, event.value)
        case undefined:
          // A newer step may say more than this engine understands.
          break
      }
    }
    throw new Error('The step ended its stream without a result.')
  }

  async #openLog(): Promise<LogShipper | undefined> {
    const { log } = this.#pod
    const target = this.#request.log
    if (log === undefined || target === undefined || target.key === '') return undefined
    try {
      return await this.#logs.start({
        key: target.key,
        token: target.token === '' ? log.token : target.token,
        client: log.client.inTrace(this.#request.traceParent),
        onState: (state) => this.#addLogState(state),
      })
    } catch (error) {
      // A log that can't be kept must not keep a step from running, but it must be seen.
      this.#addLogState({ state: 'gaveUp', ackedSeq: 0, lastSeq: 0, message: describe(error) })
      return undefined
    }
  }

  #finish(result: StepResult): void {
    this.events.end({ $case: 'result', value: result })
  }

  #line(level: SpoolLine['level'], text: string): void {
    this.#shipper?.append({ time: Date.now(), level, text: cutLine(text) })
  }

  #addStatus(state: AttemptState): void {
    this.events.append({ $case: 'status', value: { state, timeMs: Date.now() } })
  }

  #addLogState(state: ShippingState): void {
    const message = 'message' in state ? state.message : ''
    const { ackedSeq, lastSeq } = state
    this.events.append({ $case: 'log', value: { shipping: SHIPPING[state.state], ackedSeq, lastSeq, message } })
  }
}

const SHIPPING: Record<ShippingState['state'], LogShipping> = {
  flowing: LogShipping.FLOWING,
  retrying: LogShipping.RETRYING,
  stored: LogShipping.STORED,
  gaveUp: LogShipping.GAVE_UP,
}

function spoolLine(line: LogLine, masker: Masker): SpoolLine {
  const level = line.level === 'debug' || line.level === 'warn' || line.level === 'error' ? line.level : 'info'
  const text = cutLine(masker.maskText(line.text))
  return { time: line.timeMs, level, text, ...(line.unit === '' ? {} : { unit: line.unit }) }
}

function failed(code: string, message: string, failureTypes: string[], startedAt: number): StepResult {
  const failure = { code, message, failureTypes, details: Buffer.alloc(0) }
  return { status: StepStatus.FAILED, failure, body: Buffer.alloc(0), durationMs: Date.now() - startedAt }
}

function cancelled(reason: string, startedAt: number): StepResult {
  const result = failed('ABORTED', `The step was cancelled before it ran: ${reason}.`, ['Unknown'], startedAt)
  return { ...result, status: StepStatus.CANCELLED }
}

/** A step that was cancelled because its time was over failed by timeout; one that finished anyway keeps its result. */
function asTimeout(result: StepResult, timeoutMs: number): StepResult {
  if (result.status !== StepStatus.CANCELLED) return result
  const message = `The step did not end within its time limit of ${timeoutMs} ms and was cancelled. ${result.failure?.message ?? ''}`
  const details = result.failure?.details ?? Buffer.alloc(0)
  const failure = { code: 'STEP_TIMED_OUT', message: message.trim(), failureTypes: ['Timeout'], details }
  return { ...result, status: StepStatus.FAILED, failure }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
