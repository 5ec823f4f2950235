import { setTimeout as delay } from 'node:timers/promises'
import type { RunningServer } from '@sluice/local-servers'

const RESTART_MS = 500
const MAX_RESTARTS = 5

export interface ManagedServerOptions {
  name: string
  launch: () => Promise<RunningServer>
  /** Told when the server ended although nobody asked it to, and when it is up again. */
  onNews: (sentence: string) => void
  onPid: (pid: number) => Promise<void>
}

/** Postgres or Redis as part of the stack: started again when it ends by itself; its data survives that. */
export class ManagedServer {
  private readonly options: ManagedServerOptions
  private server: RunningServer | undefined
  /** False while its end is wanted. */
  private wanted = false
  private restarts = 0

  constructor(options: ManagedServerOptions) {
    this.options = options
  }

  get pid(): number | undefined {
    return this.server?.pid
  }

  async start(): Promise<void> {
    this.wanted = true
    const server = await this.options.launch()
    this.server = server
    await this.options.onPid(server.pid)
    void this.watch(server)
  }

  /** Ends it as a power cut would. It stays down until `start`. */
  async kill(): Promise<void> {
    this.wanted = false
    if (!this.server) return
    process.kill(this.server.pid, 'SIGKILL')
    await this.server.exited
  }

  async stop(): Promise<void> {
    this.wanted = false
    await this.server?.stop()
  }

  private async watch(server: RunningServer): Promise<void> {
    const { name, onNews } = this.options
    const how = await server.exited
    while (this.wanted && this.server === server) {
      if (this.restarts === MAX_RESTARTS) {
        onNews(`${how}, for the ${MAX_RESTARTS + 1}th time, and is not started again. Stop Sluice and look at its log.`)
        return
      }
      this.restarts += 1
      onNews(`${how}. It is started again.`)
      await delay(RESTART_MS)
      if (!this.wanted) return
      try {
        await this.start()
        onNews(`${name} is up again.`)
      } catch (error) {
        onNews(`${name} did not come up: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
}
