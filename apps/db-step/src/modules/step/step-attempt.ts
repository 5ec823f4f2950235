import { AppError, failureTypeOf, type Failure } from '@sluice/contracts/errors'
import type { ConnectionPhase } from '@sluice/contracts/tasks'
import { EventLog } from '@sluice/pod/grpc'
import { StepStatus, type ExecuteRequest, type StepResult } from '@sluice/proto/step'
import { createMasker, type Masker } from '@sluice/secrets/masking'
import { isOperation } from '../../operations/names.ts'
import { failureOf } from './failure-of.ts'
import { StepReporter, type StepEvent } from './step-reporter.ts'

export interface StepSurroundings {
  workspace: string
  gitCaFile?: string
}

/** One attempt in the step container: its events from the first to the result, and the switch that cancels it. */
export class StepAttempt {
  /** The lite engine writes lines to disk as it reads them: a chatty migration must not fill this process's memory. */
  readonly events = new EventLog<StepEvent>((event) => event.$case === 'log')
  readonly ended: Promise<void>
  readonly #abort = new AbortController()

  constructor(request: ExecuteRequest, surroundings: StepSurroundings) {
    this.ended = this.#run(request, surroundings)
  }

  /** Asks the attempt to stop; the running statement is cancelled on the server. `ended` tells when it is over. */
  cancel(reason: string): void {
    this.#abort.abort(new AppError('ABORTED', `The step was cancelled: ${reason}.`))
  }

  async #run(request: ExecuteRequest, surroundings: StepSurroundings): Promise<void> {
    const startedAt = Date.now()
    const { masker, refusal } = makeMasker(request.secrets)
    const reporter = new StepReporter(this.events, masker)
    const phases: ConnectionPhase[] = []
    const end = (status: StepResult['status'], body: unknown, failure?: Failure): void => {
      reporter.flush()
      const durationMs = Date.now() - startedAt
      this.events.end({
        $case: 'result',
        value: {
          status,
          body: toJson(masker.maskJson(body)),
          failure: failure && toWire(masker.maskJson(failure)),
          durationMs,
        },
      })
    }
    try {
      if (refusal !== undefined) throw refusal
      if (!isOperation(request.operation)) {
        throw new AppError('INVALID_REQUEST', `This step container knows no operation "${request.operation}".`)
      }
      const parameters: unknown = JSON.parse(request.parameters.toString('utf8'))
      // The engine and the drivers are a chunk of their own: an idle pod doesn't wait for them.
      const { runOperation } = await import('../../operations/run-operation.ts')
      const context = {
        ...surroundings,
        attemptId: request.attemptId,
        reporter,
        phases,
        secrets: new Map(Object.entries(request.secrets)),
        traceparent: request.traceParent === '' ? undefined : request.traceParent,
        signal: this.#abort.signal,
      }
      end(StepStatus.SUCCEEDED, await runOperation(request.operation, parameters, context))
    } catch (error) {
      // What was found out before a failure isn't lost.
      const body = phases.length === 0 ? undefined : { phases }
      if (!this.#abort.signal.aborted) end(StepStatus.FAILED, body, failureOf(error))
      else {
        const { message, details } = failureOf(error)
        const said: unknown = this.#abort.signal.reason
        const reason = said instanceof Error ? said.message : 'The step was cancelled.'
        const failure: Failure = {
          code: 'ABORTED',
          message: message === reason ? reason : `${reason} ${message}`,
          failureTypes: [failureTypeOf.ABORTED],
          details,
        }
        end(StepStatus.CANCELLED, body, failure)
      }
    }
  }
}

/** A secret that can't be masked is not used: nothing that could print it runs. */
function makeMasker(secrets: Record<string, string>): { masker: Masker; refusal?: unknown } {
  try {
    return { masker: createMasker(Object.values(secrets)) }
  } catch (refusal) {
    return { masker: createMasker([]), refusal }
  }
}

function toWire(failure: Failure) {
  return {
    code: failure.code,
    message: failure.message,
    failureTypes: failure.failureTypes,
    details: toJson(failure.details),
  }
}

function toJson(value: unknown): Buffer {
  return value === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(value))
}
