import { Readable } from 'node:stream'
import { scopeKey } from '@sluice/contracts/ids'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { PING_EVERY_MS, READER_MAX_MS, type ExecutionFeed } from './execution-feed.ts'
import { SUMMARY_OMITS, toExecutionSummary } from './execution-mapper.ts'

/** Changed executions that wait for a slow reader; with more it is told to read its lists again. */
const WAITING_MAX = 500

/**
 * Server-sent events of a project: the summary of each execution whose summary changes from now on. Changes that come
 * faster than the reader reads are joined. It ends after an hour at most.
 */
export function followExecutions(
  deps: Deps,
  feed: ExecutionFeed,
  filter: { scope: ProjectScope; pipelineIdentifier?: string },
  signal: AbortSignal,
): Readable {
  const ends = AbortSignal.any([signal, AbortSignal.timeout(READER_MAX_MS)])
  return Readable.from(summaryEvents(deps, feed, filter, ends), { objectMode: false })
}

async function* summaryEvents(
  deps: Deps,
  feed: ExecutionFeed,
  { scope, pipelineIdentifier }: { scope: ProjectScope; pipelineIdentifier?: string },
  signal: AbortSignal,
): AsyncGenerator<string> {
  const waiting = new Set<string>()
  let missed = false
  let wake = (): void => undefined
  const stopListening = await feed.listen('pipeline.project', scopeKey(scope), (executionId) => {
    if (executionId === undefined || waiting.size >= WAITING_MAX) missed = true
    else waiting.add(executionId)
    wake()
  })
  const onAbort = (): void => wake()
  signal.addEventListener('abort', onAbort)
  try {
    // Sent at once: whoever has it misses nothing from here on.
    yield ': listening\n\n'
    while (!signal.aborted) {
      if (missed) {
        missed = false
        waiting.clear()
        yield 'event: reset\ndata: {}\n\n'
      }
      const ids = [...waiting]
      waiting.clear()
      if (ids.length > 0) {
        const rows = await deps.prisma.execution.findMany({
          where: { ...scope, id: { in: ids }, ...(pipelineIdentifier === undefined ? {} : { pipelineIdentifier }) },
          orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
          omit: SUMMARY_OMITS,
        })
        for (const row of rows) yield `event: execution\ndata: ${JSON.stringify(toExecutionSummary(row))}\n\n`
      }
      if (waiting.size > 0 || missed) continue
      const quiet = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), signal.aborted ? 0 : PING_EVERY_MS)
        wake = () => {
          clearTimeout(timer)
          resolve(false)
        }
      })
      if (quiet && !signal.aborted) yield ': ping\n\n'
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    stopListening()
  }
}
