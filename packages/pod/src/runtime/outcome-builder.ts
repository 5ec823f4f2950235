import { FAILURE_TYPES, type Failure, type FailureType } from '@sluice/contracts/errors'
import * as step from '@sluice/proto/step'
import type { OutputValue, StepOutcome, UnitStatus } from './pod-runtime.ts'

/** Collects what an attempt streams into its outcome. */
export class OutcomeBuilder {
  readonly #outputs: Record<string, OutputValue> = {}
  readonly #documents: { name: string; bytes: Buffer }[] = []
  readonly #chunks = new Map<string, Buffer[]>()
  readonly #units = new Map<string, StepOutcome['units'][number]>()

  addUnit(event: step.UnitEvent): void {
    const status = unitStatus(event.state)
    const known = this.#units.get(event.name)
    if (known === undefined || status === 'running') {
      this.#units.set(event.name, { name: event.name, status, startedAt: event.timeMs - event.durationMs })
      if (status === 'running') return
    }
    const unit = this.#units.get(event.name)
    if (unit) this.#units.set(event.name, { ...unit, status, endedAt: event.timeMs })
  }

  addOutput(chunk: step.OutputChunk): void {
    const chunks = chunk.index === 0 ? [] : (this.#chunks.get(chunk.name) ?? [])
    chunks.push(chunk.data)
    this.#chunks.set(chunk.name, chunks)
    if (!chunk.last) return
    this.#chunks.delete(chunk.name)
    const bytes = Buffer.concat(chunks)
    if (chunk.document) this.#documents.push({ name: chunk.name, bytes })
    else this.#outputs[chunk.name] = toOutputValue(JSON.parse(bytes.toString('utf8')))
  }

  finish(result: step.StepResult): StepOutcome {
    const status =
      result.status === step.StepStatus.SUCCEEDED
        ? 'succeeded'
        : result.status === step.StepStatus.CANCELLED
          ? 'cancelled'
          : 'failed'
    return {
      status,
      ...(result.failure ? { failure: readFailure(result.failure) } : {}),
      outputs: this.#outputs,
      documents: this.#documents,
      body: result.body.length === 0 ? undefined : JSON.parse(result.body.toString('utf8')),
      units: [...this.#units.values()],
      durationMs: result.durationMs,
    }
  }
}

export function unitStatus(state: step.UnitState): UnitStatus {
  switch (state) {
    case step.UnitState.SUCCEEDED:
      return 'succeeded'
    case step.UnitState.FAILED:
      return 'failed'
    case step.UnitState.SKIPPED:
      return 'skipped'
    case step.UnitState.RUNNING:
    case step.UnitState.UNSPECIFIED:
    case step.UnitState.UNRECOGNIZED:
      return 'running'
  }
}

function readFailure(failure: step.StepFailure): Failure {
  const known = failure.failureTypes.filter((name): name is FailureType => FAILURE_TYPES.some((type) => type === name))
  return {
    code: failure.code,
    message: failure.message,
    failureTypes: known.length === 0 ? ['Unknown'] : known,
    ...(failure.details.length === 0 ? {} : { details: JSON.parse(failure.details.toString('utf8')) }),
  }
}

function toOutputValue(value: unknown): OutputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value
  }
  // Expressions see texts: anything structured is handed on as JSON.
  return JSON.stringify(value)
}
