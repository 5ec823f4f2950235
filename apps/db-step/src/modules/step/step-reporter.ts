import { CHUNK_BYTES, type EventLog } from '@sluice/pod/grpc'
import { cutLine } from '@sluice/pod/program'
import { UnitState, type ExecuteResponse, type LogLine } from '@sluice/proto/step'
import type { Masker } from '@sluice/secrets/masking'

export type StepEvent = NonNullable<ExecuteResponse['event']>
export type Level = 'debug' | 'info' | 'warn' | 'error'

/** Lines of one turn go out together, but no message may near the limit of gRPC. */
const BATCH_CHARACTERS = 256 * 1024

/** What a running step tells: lines (masked here, where they are made), units, outputs and changesets, in order. */
export class StepReporter {
  readonly #events: EventLog<StepEvent>
  readonly #masker: Masker
  #unit = ''
  #lineSeq = 0
  #batch: LogLine[] = []
  #batchCharacters = 0
  #flush: NodeJS.Immediate | undefined

  constructor(events: EventLog<StepEvent>, masker: Masker) {
    this.#events = events
    this.#masker = masker
  }

  /** Writes text to the log of the current unit; each of its lines is one log line. */
  line(level: Level, text: string): void {
    const timeMs = Date.now()
    // Masked whole first: a secret may have several lines.
    for (const part of this.#masker.maskText(text).split(/\r?\n/)) {
      this.#lineSeq += 1
      const cut = cutLine(part)
      this.#batch.push({ seq: this.#lineSeq, timeMs, level, text: cut, unit: this.#unit })
      this.#batchCharacters += cut.length
      if (this.#batchCharacters > BATCH_CHARACTERS) this.flush()
    }
    this.#flush ??= setImmediate(() => this.flush())
  }

  /** Runs a part of the step as a unit with a log section of its own. */
  async unit<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const startedAt = Date.now()
    this.#unit = name
    this.#add({ $case: 'unit', value: { name, state: UnitState.RUNNING, timeMs: startedAt, durationMs: 0 } })
    const end = (state: UnitState): void => {
      const timeMs = Date.now()
      this.#add({ $case: 'unit', value: { name, state, timeMs, durationMs: timeMs - startedAt } })
    }
    try {
      const value = await work()
      end(UnitState.SUCCEEDED)
      return value
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.line('error', message)
      end(UnitState.FAILED)
      throw error
    }
  }

  /** A small output that expressions can use. */
  output(name: string, value: string | number | boolean | null): void {
    this.#addOutput(name, value, false)
  }

  /** A large output, stored beside the result. */
  document(name: 'plan' | 'changesets' | 'texts', value: unknown): void {
    this.#addOutput(name, value, true)
  }

  add(event: StepEvent): void {
    this.#add(event)
  }

  mask(text: string): string {
    return this.#masker.maskText(text)
  }

  maskJson<Value>(value: Value): Value {
    return this.#masker.maskJson(value)
  }

  flush(): void {
    clearImmediate(this.#flush)
    this.#flush = undefined
    if (this.#batch.length === 0) return
    this.#events.append({ $case: 'log', value: { lines: this.#batch } })
    this.#batch = []
    this.#batchCharacters = 0
  }

  #addOutput(name: string, value: unknown, document: boolean): void {
    const bytes = Buffer.from(JSON.stringify(this.#masker.maskJson(value)))
    const count = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES))
    for (let index = 0; index < count; index += 1) {
      const data = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)
      this.#add({ $case: 'output', value: { name, data, index, last: index === count - 1, document } })
    }
  }

  #add(event: StepEvent): void {
    this.flush()
    this.#events.append(event)
  }
}
