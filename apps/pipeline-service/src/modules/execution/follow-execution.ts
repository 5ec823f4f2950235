import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { channelName, createRedis } from '@sluice/database'
import { isExecutionFinished, toExecutionGraph, type ExecutionPlan } from '@sluice/pipeline'
import type { Redis } from 'ioredis'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { loadState } from './execution-store.ts'
import { findExecution } from './find-execution.ts'

/** A comment this often keeps proxies from closing a quiet stream, and looks again in case a publication was lost. */
const PING_EVERY_MS = 15_000
/** A reader gets its snapshot after this even if Redis does not answer. */
const SUBSCRIBE_TIMEOUT_MS = 2_000
/** Longest life of a stream: who reads on asks again, and is judged again. */
const READER_MAX_MS = 3_600_000

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

  /**
   * Calls back at each change of an execution, until the returned function is called. Resolves when no change from now
   * on is missed; where Redis is away it resolves all the same, and the reader looks again at its next ping.
   */
  async listen(executionId: string, listener: () => void): Promise<() => void> {
    const channel = channelName('pipeline.execution', executionId)
    const known = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, known.add(listener))
    // Also where others listen: their subscription may still be on its way.
    const subscribed = this.#subscriber?.subscribe(channel).catch(this.#onError)
    const waited = new AbortController()
    await Promise.race([
      subscribed,
      delay(SUBSCRIBE_TIMEOUT_MS, undefined, { signal: waited.signal }).catch(() => undefined),
    ])
    waited.abort()
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
 * Changes that come faster than the reader reads are joined. It ends after an hour at most.
 */
export async function followExecution(
  deps: Deps,
  feed: ExecutionFeed,
  scope: ProjectScope,
  executionId: string,
  signal: AbortSignal,
): Promise<Readable> {
  const { plan } = await findExecution(deps, scope, executionId)
  const ends = AbortSignal.any([signal, AbortSignal.timeout(READER_MAX_MS)])
  return Readable.from(executionEvents(deps, feed, scope.accountId, plan, ends), { objectMode: false })
}

async function* executionEvents(
  deps: Deps,
  feed: ExecutionFeed,
  accountId: string,
  plan: ExecutionPlan,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { executionId } = plan.run
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
      const state = await loadState(deps.prisma, accountId, executionId, plan)
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
