import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { isExecutionFinished, toExecutionGraph, type ExecutionPlan } from '@sluice/pipeline'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { PING_EVERY_MS, READER_MAX_MS, type ExecutionFeed } from './execution-feed.ts'
import { loadState } from './execution-store.ts'
import { findExecution } from './find-execution.ts'

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
  const stopListening = await feed.listen('pipeline.execution', executionId, () => {
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
      // Changes that come meanwhile are joined. Ending early is fine: the loop looks at the signal.
      await delay(pauseFor(data), undefined, { signal }).catch(() => undefined)
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    stopListening()
  }
}

/** Milliseconds until the next picture: a small run is shown at once, one of hundreds of steps at most once a second. */
function pauseFor(data: string): number {
  return Math.min(1_000, Math.round(data.length / 500))
}
