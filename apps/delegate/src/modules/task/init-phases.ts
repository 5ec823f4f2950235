import type { StepEvent, StepOutcome } from '@sluice/pod'

/** Phases of a pod's start, told as they begin and end; they are the units of its node. */
export class InitPhases {
  readonly units: StepOutcome['units'] = []
  readonly #tell: (event: StepEvent) => void
  #seq = 0

  constructor(tell: (event: StepEvent) => void) {
    this.#tell = tell
  }

  /** Runs one phase; throws what it throws. */
  async run<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const startedAt = Date.now()
    this.#say(name, 'running', startedAt, startedAt)
    let status: 'succeeded' | 'failed' = 'failed'
    try {
      const value = await work()
      status = 'succeeded'
      return value
    } finally {
      const endedAt = Date.now()
      this.units.push({ name, status, startedAt, endedAt })
      this.#say(name, status, endedAt, startedAt)
    }
  }

  #say(name: string, status: 'running' | 'succeeded' | 'failed', at: number, startedAt: number): void {
    this.#seq += 1
    this.#tell({ seq: this.#seq, kind: 'unit', name, status, at, durationMs: at - startedAt })
  }
}
