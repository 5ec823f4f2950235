import { Readable } from 'node:stream'
import { channelName, createRedis } from '@sluice/database'
import { isExecutionFinished, toExecutionGraph } from '@sluice/pipeline'
import type { Redis } from 'ioredis'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { findExecution } from './find-execution.ts'

/** A comment this often keeps proxies from closing a quiet stream, and looks again in case a publication was lost. */
const PING_EVERY_MS = 15_000

/** One subscriber connection per process, shared by every reader. */
export class ExecutionFeed {
  readonly #redisUrl: string
  readonly #onError: (error: Error) => void
  readonly #listeners = new Map<string, Set<() => void>>()
  #subscriber: Redis | undefined

  constructor(options: { redisUrl: string; onError: (error: Error) => void }) {
    this.#redisUrl = options.redisUrl
    this.#onError = options.onError
  }

  start(): void {
    const subscriber = createRedis({ url: this.#redisUrl, role: 'subscriber', onError: this.#onError })
    subscriber.on('message', (channel: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener()
    })
    this.#subscriber = subscriber
  }

  /** Calls back at each change of an execution, until the returned function is called. */
  async listen(executionId: string, listener: () => void): Promise<() => void> {
    const channel = channelName('pipeline.execution', executionId)
    const known = this.#listeners.get(channel)
    if (known !== undefined) known.add(listener)
    else {
      this.#listeners.set(channel, new Set([listener]))
      await this.#subscriber?.subscribe(channel)
    }
    return () => {
      const listeners = this.#listeners.get(channel)
      listeners?.delete(listener)
      if (listeners?.size !== 0) return
      this.#listeners.delete(channel)
      this.#subscriber?.unsubscribe(channel).catch(this.#onError)
    }
  }

  stop(): void {
    this.#subscriber?.disconnect()
  }
}

/**
 * Server-sent events of one execution: its whole detail now and after each change, `event: end` when it is final.
 * Changes that come faster than the reader reads are joined.
 */
export async function followExecution(
  deps: Deps,
  feed: ExecutionFeed,
  scope: ProjectScope,
  executionId: string,
  signal: AbortSignal,
): Promise<Readable> {
  await findExecution(deps, scope, executionId)
  return Readable.from(executionEvents(deps, feed, scope, executionId, signal), { objectMode: false })
}

async function* executionEvents(
  deps: Deps,
  feed: ExecutionFeed,
  scope: ProjectScope,
  executionId: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let wake = (): void => undefined
  let changed = true
  const stopListening = await feed.listen(executionId, () => {
    changed = true
    wake()
  })
  const onAbort = (): void => wake()
  signal.addEventListener('abort', onAbort)
  let lastSent = ''
  try {
    while (!signal.aborted) {
      changed = false
      const { plan, state } = await findExecution(deps, scope, executionId)
      const data = JSON.stringify(toExecutionGraph(plan, state))
      yield data === lastSent ? ': ping\n\n' : `event: execution\ndata: ${data}\n\n`
      lastSent = data
      if (isExecutionFinished(plan, state)) {
        yield 'event: end\ndata: {}\n\n'
        return
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, changed || signal.aborted ? 0 : PING_EVERY_MS)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    stopListening()
  }
}
