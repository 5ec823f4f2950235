import { AppError } from '@sluice/contracts/errors'
import { AttemptState, LogShipping, type LiteEngineServiceClient } from '@sluice/proto/lite-engine'
import type * as liteEngine from '@sluice/proto/lite-engine'
import { callUnary, isServiceError, readStream } from '../grpc/call.ts'
import { OutcomeBuilder, unitStatus } from '../runtime/outcome-builder.ts'
import type { Pod, PodEnd, PodSpec, StepEvent, StepRequest } from '../runtime/pod-runtime.ts'
import { IdleEnd } from './idle-end.ts'
import type { PodProcess } from './spawn-program.ts'
import type { WarmPool } from './warm-pool.ts'
import type { WarmSlot } from './warm-slot.ts'

interface StartOptions {
  startWithinMs: number
  shipWithinMs: number
  signal: AbortSignal | undefined
  /** Called when the pod has run nothing for its `maxIdleMs`. */
  onIdle: () => void
}

export interface ProcessPod extends Pod {
  /** Ends the pod and removes everything of it. Idempotent. */
  dispose(): Promise<PodEnd>
}

/** A call that only says "stop" must not hang on a process that is stuck. */
const CANCEL_MARGIN_MS = 2_000

/** Turns a slot of the pool into a pod. What was made is removed when a part fails or `signal` aborts. */
export async function startProcessPod(pool: WarmPool, spec: PodSpec, options: StartOptions): Promise<ProcessPod> {
  const startedAt = Date.now()
  options.signal?.throwIfAborted()
  const { slot, isWarm } = await pool.take()
  try {
    const { client } = slot
    const request = setupRequest(slot, spec, isWarm, startedAt)
    await callUnary(client.setup.bind(client), request, { withinMs: options.startWithinMs, signal: options.signal })
  } catch (error) {
    await slot.dispose(0)
    throw isServiceError(error) ? new Error(`${error.details}.`, { cause: error }) : error
  }
  return createPod(slot, spec, { readyMs: Date.now() - startedAt, isWarm }, options)
}

function setupRequest(slot: WarmSlot, spec: PodSpec, isWarm: boolean, startedAt: number): liteEngine.SetupRequest {
  const now = Date.now()
  const origin = isWarm ? 'taken from the warm pool' : `started cold in ${now - startedAt} ms`
  return {
    podId: spec.podId,
    // One process serves all steps of the same kind: they run one after the other anyway.
    steps: spec.steps.map(({ name }) => ({ name, ...slot.stepAddress })),
    secrets: { ...spec.secrets },
    log: { url: spec.log.url, caPem: spec.log.caPem, token: spec.log.token },
    initLogKey: spec.log.initKey ?? '',
    initLines: [
      { seq: 1, timeMs: now, level: 'info', text: `Pod ${spec.podId} on the process runtime, ${origin}`, unit: '' },
    ],
    traceParent: spec.traceparent ?? '',
  }
}

function createPod(slot: WarmSlot, spec: PodSpec, startup: Pod['startup'], options: StartOptions): ProcessPod {
  const { client } = slot
  let disposed: Promise<PodEnd> | undefined
  const idle = new IdleEnd(spec.maxIdleMs, options.onIdle)
  // Never settles for a pod that was ended on purpose.
  const lost = new Promise<string>((resolve) => {
    const watch = async (program: PodProcess): Promise<void> => {
      const sentence = await program.exited
      if (disposed === undefined) resolve(sentence)
    }
    void watch(slot.liteEngine)
    void watch(slot.dbStep)
  })
  const containers = new Set(spec.steps.map((step) => step.name))
  return {
    podId: spec.podId,
    startup,
    lost,
    execute: (request, signal) => {
      if (!containers.has(request.container)) {
        throw new AppError(
          'INVALID_REQUEST',
          `The pod "${spec.podId}" has no step container "${request.container}"; it has ${[...containers].join(', ')}.`,
        )
      }
      return whileHeld(
        idle,
        execute(client, request, spec.podId, slot, signal),
        Math.max(request.timeoutMs ?? 0, spec.maxIdleMs),
      )
    },
    cancelStep: (attemptId, reason, withinMs) =>
      callUnary(
        client.cancelStep.bind(client),
        { attemptId, reason, waitMs: withinMs },
        { withinMs: withinMs + CANCEL_MARGIN_MS },
      ),
    dispose: () => {
      idle.stop()
      return (disposed ??= end(slot, options.shipWithinMs))
    },
  }
}

async function end(slot: WarmSlot, shipWithinMs: number): Promise<PodEnd> {
  const { client, liteEngine } = slot
  let unshippedLines: number | undefined
  if (!liteEngine.hasExited) {
    // What runs is ended first, then the logs are shipped: each gets the grace.
    const withinMs = 2 * shipWithinMs + CANCEL_MARGIN_MS
    try {
      const answer = await callUnary(client.shutdown.bind(client), { graceMs: shipWithinMs }, { withinMs })
      unshippedLines = answer.unshippedLines
    } catch (error) {
      // A stuck or dying lite engine is ended by the kill below; the caller says that lines may be missing.
      if (!isServiceError(error)) throw error
    }
  }
  await slot.dispose(CANCEL_MARGIN_MS)
  return { unshippedLines }
}

/** An attempt that nobody listens to any more still runs, for its time limit at most. */
async function* whileHeld(
  idle: IdleEnd,
  events: AsyncGenerator<StepEvent, void, void>,
  timeoutMs: number,
): AsyncGenerator<StepEvent, void, void> {
  const release = idle.hold()
  let isOver = false
  try {
    for await (const event of events) {
      isOver = event.kind === 'result'
      yield event
    }
  } finally {
    if (isOver) release()
    else setTimeout(release, timeoutMs).unref()
  }
}

async function* execute(
  client: LiteEngineServiceClient,
  request: StepRequest,
  podId: string,
  slot: WarmSlot,
  signal: AbortSignal | undefined,
): AsyncGenerator<StepEvent, void, void> {
  const builder = new OutcomeBuilder()
  const message: liteEngine.ExecuteStepRequest = {
    attemptId: request.attemptId,
    container: request.container,
    operation: request.operation,
    parameters: Buffer.from(JSON.stringify(request.parameters)),
    secrets: { ...request.secrets },
    secretNames: [...request.secretNames],
    log: { key: request.logKey, token: request.logToken ?? '' },
    traceParent: request.traceparent ?? '',
    // The outcome is built from all events: they are replayed whole and the known ones left out below.
    afterSeq: 0,
    timeoutMs: request.timeoutMs ?? 0,
  }
  try {
    for await (const response of readStream(client.executeStep(message), signal)) {
      const event = toStepEvent(response, builder)
      if (event !== undefined && event.seq > (request.afterSeq ?? 0)) yield event
      if (event?.kind === 'result') return
    }
  } catch (error) {
    if (signal?.aborted || !isServiceError(error)) throw error
    throw await lostError(podId, slot, error)
  }
  throw await lostError(podId, slot, undefined)
}

async function lostError(podId: string, slot: WarmSlot, cause: unknown): Promise<AppError> {
  // The stream breaks a moment before the exit is known.
  const moment = new Promise<string>((resolve) => {
    setTimeout(resolve, 500, cause instanceof Error ? cause.message : 'The stream of events ended without a result.')
  })
  const sentence = await Promise.race([slot.liteEngine.exited, moment])
  return new AppError(
    'POD_LOST',
    `The pod "${podId}" was lost while the step ran: ${sentence} Check the state of the database before you retry.`,
    { cause },
  )
}

function toStepEvent(response: liteEngine.ExecuteStepResponse, builder: OutcomeBuilder): StepEvent | undefined {
  const { seq, event } = response
  switch (event?.$case) {
    case 'status':
      return { seq, kind: 'status', state: attemptState(event.value.state), at: event.value.timeMs }
    case 'unit': {
      builder.addUnit(event.value)
      const { name, timeMs, durationMs } = event.value
      return { seq, kind: 'unit', name, status: unitStatus(event.value.state), at: timeMs, durationMs }
    }
    case 'output':
      builder.addOutput(event.value)
      return undefined
    case 'changeset': {
      const { path, id, author, state, timeMs, durationMs, index, total, message } = event.value
      return {
        seq,
        kind: 'changeset',
        changeset: { path, id, author },
        state,
        at: timeMs,
        durationMs,
        index,
        total,
        message,
      }
    }
    case 'log': {
      const { ackedSeq, message } = event.value
      return { seq, kind: 'log', shipping: shipping(event.value.shipping), ackedSeq, message }
    }
    case 'result':
      return { seq, kind: 'result', outcome: builder.finish(event.value) }
    case undefined:
      // An event that this version doesn't know: newer lite engines may say more.
      return undefined
  }
}

function attemptState(state: AttemptState): 'waiting' | 'running' | 'cancelling' {
  if (state === AttemptState.WAITING) return 'waiting'
  return state === AttemptState.CANCELLING ? 'cancelling' : 'running'
}

function shipping(state: LogShipping): 'flowing' | 'retrying' | 'stored' | 'gaveUp' {
  if (state === LogShipping.RETRYING) return 'retrying'
  if (state === LogShipping.STORED) return 'stored'
  return state === LogShipping.GAVE_UP ? 'gaveUp' : 'flowing'
}
