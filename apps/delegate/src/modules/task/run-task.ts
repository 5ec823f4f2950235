import { AppError, assertNever } from '@sluice/contracts/errors'
import {
  TaskOutputRef,
  TaskParameters,
  type DatabaseRequestParameters,
  type DelegateTaskOutput,
  type PodExecuteParameters,
  type PodInitParameters,
  type SecretRef,
  type TaskResult,
} from '@sluice/contracts/tasks'
import type { OfferedTask } from '@sluice/delegate-protocol'
import type { Pod, PodRuntime, StepEvent, StepOutcome, StepRequest } from '@sluice/pod'
import { EDGE_FROM, EDGE_TO, inSpan } from '../../tracing.ts'
import type { SecretOpener } from '../secret/secret-opener.ts'
import { InitPhases } from './init-phases.ts'

export interface RunTaskDeps {
  runtime: PodRuntime
  /** Names of runtimes that pods may ask for here; those that are not the runtime's own run in it all the same. */
  runtimes: readonly string[]
  secrets: SecretOpener
  /** Certificates that lite engines trust for the log service, PEM; empty for the platform's own. */
  caPem: string
  onProgress: (taskId: string, event: StepEvent) => void
}

/** Time that a cancelled step gets to end by itself: its statement is cancelled on the server and waited for. */
const CANCEL_WITHIN_MS = 60_000

/** Steps of a group follow each other at once; a pod that waits this long was forgotten by the control plane. */
const POD_MAX_IDLE_MS = 3_600_000

/** Name of the step container that our own database step runs in. */
const DB_STEP = 'db-step'

/**
 * Runs one granted task to its result. A step that fails is a result; what throws becomes one at the caller.
 * `signal` aborts when the control plane cancels the task.
 */
export async function runTask(deps: RunTaskDeps, task: OfferedTask, signal: AbortSignal): Promise<DelegateTaskOutput> {
  const parsed = TaskParameters.safeParse({ kind: task.type, parameters: task.parameters })
  if (!parsed.success) {
    throw new AppError(
      'TASK_REJECTED',
      `This delegate does not understand the task "${task.type}". Update the delegate.`,
      { cause: parsed.error },
    )
  }
  const { kind, parameters } = parsed.data
  switch (kind) {
    case 'pod.init':
      return initPod(deps, task, parameters, signal)
    case 'pod.execute':
      return executeStep(deps, task, parameters, signal)
    case 'pod.cleanup': {
      const end = await deps.runtime.cleanup(parameters.podId)
      const outputs = { unshippedLogLines: end?.unshippedLines ?? null }
      return { result: { outcome: 'succeeded', outputs, units: [] }, large: [] }
    }
    case 'connection.test':
      return runAlone(deps, task, { operation: kind, parameters }, signal)
    case 'db.status':
    case 'db.baseline':
      return runAlone(deps, task, databaseOperation(kind, parameters), signal)
    case 'scm.call':
      return runAlone(deps, task, { operation: kind, parameters }, signal)
    default:
      return assertNever(kind)
  }
}

async function initPod(
  deps: RunTaskDeps,
  task: OfferedTask,
  parameters: PodInitParameters,
  signal: AbortSignal,
): Promise<DelegateTaskOutput> {
  if (!deps.runtimes.includes(parameters.runtime)) {
    throw new AppError(
      'POD_INIT_FAILED',
      `This delegate has no "${parameters.runtime}" runtime, only "${deps.runtime.kind}".`,
    )
  }
  const { podId } = parameters
  const phases = new InitPhases((event) => deps.onProgress(task.taskId, event))
  // The values appear here first, while the pod's init request is written.
  const secrets = await phases.run('Open secrets', () => deps.secrets.open(task.taskId, task.secrets))
  const log = {
    url: parameters.logServiceUrl,
    caPem: deps.caPem,
    token: parameters.logToken,
    initKey: parameters.logKey,
  }
  const pod = await phases.run('Start pod', () =>
    inSpan('pod.init', edge(task, 'delegate', 'lite-engine'), ({ traceparent }) =>
      deps.runtime.init(
        { podId, steps: parameters.steps, secrets, log, traceparent, maxIdleMs: POD_MAX_IDLE_MS },
        signal,
      ),
    ),
  )
  return {
    result: {
      outcome: 'succeeded',
      outputs: {
        podId,
        runtime: deps.runtime.kind,
        askedFor: parameters.runtime,
        readyMs: pod.startup.readyMs,
        warm: pod.startup.isWarm,
      },
      data: { podId },
      units: phases.units,
    },
    large: [],
  }
}

function edge(task: OfferedTask, from: string, to: string) {
  return { traceparent: task.traceparent, kind: 'client' as const, attributes: { [EDGE_FROM]: from, [EDGE_TO]: to } }
}

async function executeStep(
  deps: RunTaskDeps,
  task: OfferedTask,
  parameters: PodExecuteParameters,
  signal: AbortSignal,
): Promise<DelegateTaskOutput> {
  const pod = deps.runtime.find(parameters.podId)
  if (pod === undefined) {
    throw new AppError(
      'POD_LOST',
      `The pod "${parameters.podId}" is not on this delegate any more: the delegate or the machine restarted. Look at the database, then run the step again.`,
    )
  }
  const secrets = await deps.secrets.open(task.taskId, task.secrets)
  const outcome = await runInPod(deps, pod, task, signal, {
    attemptId: parameters.attemptId,
    container: parameters.stepName,
    operation: parameters.step.run.operation,
    parameters: parameters.step,
    secrets,
    secretNames: task.secrets.map((secret: SecretRef) => secret.name),
    logKey: parameters.logKey,
  })
  return toOutput(outcome)
}

/**
 * What a task of this kind may run: a status that writes would be another task, and one that its owner's policy may not
 * know about.
 */
function databaseOperation(
  kind: 'db.status' | 'db.baseline',
  { step }: DatabaseRequestParameters,
): Pick<StepRequest, 'operation' | 'parameters'> {
  const operation = kind === 'db.status' ? 'status' : 'baseline'
  if (step.run.operation === operation) return { operation, parameters: step }
  throw new AppError('TASK_REJECTED', `A task "${kind}" can't run the operation "${step.run.operation}".`)
}

/**
 * Work without a pipeline run gets a pod of its own, which ends with it: only a step container opens a connection to a
 * target or a git host. Its lines are not kept; the result has phases.
 */
async function runAlone(
  deps: RunTaskDeps,
  task: OfferedTask,
  request: Pick<StepRequest, 'operation' | 'parameters'>,
  signal: AbortSignal,
): Promise<DelegateTaskOutput> {
  const podId = `pod-${task.taskId}`
  const secrets = await deps.secrets.open(task.taskId, task.secrets)
  const pod = await deps.runtime.init(
    {
      podId,
      steps: [{ name: DB_STEP, kind: 'db-step' }],
      secrets: {},
      log: { url: '', caPem: '', token: '' },
      maxIdleMs: POD_MAX_IDLE_MS,
    },
    signal,
  )
  try {
    const outcome = await runInPod(deps, pod, task, signal, {
      attemptId: task.attemptId,
      container: DB_STEP,
      ...request,
      secrets,
      secretNames: task.secrets.map((secret) => secret.name),
      logKey: '',
    })
    return toOutput(outcome)
  } finally {
    await deps.runtime.cleanup(podId)
  }
}

async function runInPod(
  deps: RunTaskDeps,
  pod: Pod,
  task: OfferedTask,
  signal: AbortSignal,
  request: Omit<Parameters<Pod['execute']>[0], 'timeoutMs'>,
): Promise<StepOutcome> {
  const onAbort = (): void => {
    const reason = signal.reason instanceof Error ? signal.reason.message : 'the task was cancelled'
    // The result of the attempt tells what became of it; a cancel that fails is decided by the task's timeout.
    pod.cancelStep(request.attemptId, reason, CANCEL_WITHIN_MS).catch(() => undefined)
  }
  return inSpan('pod.execute', edge(task, 'delegate', 'lite-engine'), async ({ traceparent }) => {
    if (signal.aborted) throw new AppError('ABORTED', 'The step was cancelled before it started.')
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      for await (const event of pod.execute({ ...request, timeoutMs: task.timeoutMs, traceparent })) {
        if (event.kind === 'result') return event.outcome
        deps.onProgress(task.taskId, event)
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
    throw new AppError(
      'POD_LOST',
      `The pod ended before the step's result. Look at the database, then run the step again.`,
    )
  })
}

const LARGE_NAMES = TaskOutputRef.shape.name.options

/** What a step left, as the control plane reads it: small things inline, documents beside. */
export function toOutput(outcome: StepOutcome): DelegateTaskOutput {
  const large = outcome.documents.flatMap(({ name, bytes }) => {
    const known = LARGE_NAMES.find((candidate) => candidate === name)
    return known === undefined ? [] : [{ name: known, content: bytes.toString('utf8') }]
  })
  const shared = { outputs: outcome.outputs, data: outcome.body ?? undefined, units: outcome.units }
  const result: TaskResult =
    outcome.status === 'succeeded'
      ? { outcome: 'succeeded', ...shared }
      : {
          outcome: 'failed',
          ...shared,
          failure:
            outcome.failure ??
            (outcome.status === 'cancelled'
              ? { code: 'ABORTED', message: 'The step was cancelled.', failureTypes: ['UserMarkedFailure'] }
              : { code: 'STEP_FAILED', message: 'The step failed and gave no reason.', failureTypes: ['Unknown'] }),
        }
  return { result, large }
}
