import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogClient } from './log-client.ts'
import { LogShipper, type ShippingState } from './log-shipper.ts'

/** All logs of the pod, so that its end can wait for those that are still being shipped. */
export class LogRegistry {
  readonly #folder: string
  readonly #open = new Set<LogShipper>()
  #count = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Starts a log. @throws Error when its spool file can't be made. */
  async start(options: {
    key: string
    token: string
    client: LogClient
    onState: (state: ShippingState) => void
  }): Promise<LogShipper> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    this.#count += 1
    const shipper = await LogShipper.open({ ...options, file: join(this.#folder, `${this.#count}.ndjson`) })
    this.#open.add(shipper)
    return shipper
  }

  /** Ends a log; it is shipped and stored in the background. */
  finish(shipper: LogShipper): void {
    void shipper.end().then(() => this.#open.delete(shipper))
  }

  /** Ends every log and waits for their storing, `graceMs` at most; answers how many lines are left behind. */
  async close(graceMs: number): Promise<number> {
    const late = AbortSignal.timeout(graceMs)
    const isLate = new Promise<void>((resolve) => late.addEventListener('abort', () => resolve(), { once: true }))
    const shippers = [...this.#open]
    await Promise.race([Promise.all(shippers.map((shipper) => shipper.end())), isLate])
    const left = shippers.reduce((sum, shipper) => sum + shipper.unshippedLines, 0)
    await Promise.all(shippers.map((shipper) => shipper.stop()))
    return left
  }
}
