import { isAppError, toErrorBody } from '@sluice/contracts/errors'
import type { LogEnd } from '@sluice/contracts/logs'
import type { Actor } from '@sluice/service-kit'
import type { SegmentReader } from '../blob/segment-reader.ts'
import { findReadable, type ReaderDeps } from './authorize-reader.ts'
import type { Follower } from './follower.ts'
import type { LineChannel } from './line-channel.ts'

export interface FollowLogDeps extends ReaderDeps {
  segments: SegmentReader
  channel: LineChannel
  pingMs: number
}

export interface FollowLogInput {
  actor: Actor
  key: string
  /** Seq of the last line that the reader has. */
  afterSeq: number
  /** Ends the reading. */
  signal: AbortSignal
}

/** How long a browser waits before it connects again. */
const RETRY_MS = 1_000

/**
 * A log as server-sent events from `afterSeq` on, until its end. It listens before it reads the store, and then passes
 * on by seq: nothing is missed or doubled between the stored and the live part. Pulling it slowly costs no memory:
 * what the reader is late for is read from the store again.
 */
export async function* followLog(deps: FollowLogDeps, input: FollowLogInput): AsyncGenerator<string> {
  const follower = await deps.channel.follow(input.key)
  try {
    yield `retry: ${RETRY_MS}\n\n`
    let nextSeq = input.afterSeq + 1
    for (;;) {
      // The head comes first: of a log that it calls closed, the store has every line.
      const head = await findReadable(deps, input.actor, input.key)
      if (head !== undefined) {
        for await (const segment of deps.segments.from(head, nextSeq)) {
          yield toEvents(await segment.lines(), segment.firstSeq, nextSeq)
          nextSeq = segment.lastSeq + 1
          input.signal.throwIfAborted()
        }
        if (head.closedSeq !== undefined && nextSeq > head.closedSeq) return yield endEvent(head.closedSeq)
      }
      const live = followLive(follower, {
        nextSeq,
        known: head !== undefined,
        pingMs: deps.pingMs,
        signal: input.signal,
      })
      for (;;) {
        const step = await live.next()
        if (step.done === true) {
          nextSeq = step.value.nextSeq
          if (step.value.ended) return
          break
        }
        yield step.value
      }
    }
  } catch (error) {
    if (input.signal.aborted) return
    if (!isAppError(error)) throw error
    yield `event: error\ndata: ${JSON.stringify(toErrorBody(error, input.actor.correlationId))}\n\n`
  } finally {
    follower.close()
  }
}

interface LiveOptions {
  nextSeq: number
  /** False: the reader's right to this log has not been checked, because there was none. */
  known: boolean
  pingMs: number
  signal: AbortSignal
}

/** Passes on live batches while they follow each other; returns when the store has to be read, or at the end. */
async function* followLive(
  follower: Follower,
  options: LiveOptions,
): AsyncGenerator<string, { nextSeq: number; ended: boolean }> {
  let { nextSeq } = options
  for (;;) {
    const wake = await follower.next(options.pingMs, options.signal)
    if (wake.kind === 'reread') return { nextSeq, ended: false }
    if (wake.kind === 'silence') {
      yield ': ping\n\n'
      // A message may have been lost on the way (Redis promises none): one look per ping finds it.
      return { nextSeq, ended: false }
    }
    if (wake.kind === 'end') {
      if (!options.known || nextSeq <= wake.lastSeq) return { nextSeq, ended: false }
      yield endEvent(wake.lastSeq)
      return { nextSeq, ended: true }
    }
    if (wake.lastSeq < nextSeq) continue
    if (!options.known || wake.firstSeq > nextSeq || wake.lines === undefined) return { nextSeq, ended: false }
    yield toEvents(await wake.lines(), wake.firstSeq, nextSeq)
    nextSeq = wake.lastSeq + 1
  }
}

/** Events of the lines from `fromSeq` on. A line's JSON has no line break, so it is one `data` field. */
function toEvents(lines: readonly string[], firstSeq: number, fromSeq: number): string {
  let text = ''
  for (let index = Math.max(0, fromSeq - firstSeq); index < lines.length; index += 1) {
    text += `id: ${firstSeq + index}\ndata: ${lines[index]}\n\n`
  }
  return text
}

function endEvent(lastSeq: number): string {
  const end: LogEnd = { lastSeq }
  return `event: end\ndata: ${JSON.stringify(end)}\n\n`
}
