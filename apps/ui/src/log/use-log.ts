import type { LogLine } from '@sluice/contracts/logs'
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { urlOf } from '../api/call.ts'
import { type StreamState, useEventStream } from '../api/event-stream.ts'
import { ApiProblem, isRecord, problemOf, unreachable } from '../api/problem.ts'
import { LogModel, PAGE_LINES } from './log-model.ts'

/** Lines at the end of a log that are read at once when it is opened; the rest comes when it is looked at. */
const FIRST_LOOK_LINES = PAGE_LINES
/** Live lines are collected for one frame, so that a hundred thousand a second cost sixty drawings. */
const FLUSH_MS = 50

export interface Log {
  model: LogModel
  state: StreamState | 'reading'
  error: unknown
  /** Asks for the lines `from`–`to`, both included; what is at hand is not read again. */
  want: (from: number, to: number) => void
  retry: () => void
}

interface Head {
  /** Seq after which the live stream begins; undefined while the head is being read. */
  after: number | undefined
  error: unknown
}

async function readPage(
  logKey: string,
  page: number,
  signal: AbortSignal,
): Promise<{ lines: LogLine[]; total: number }> {
  const range = `${page * PAGE_LINES + 1}-${(page + 1) * PAGE_LINES}`
  const response = await fetch(urlOf('readLog', { query: { key: logKey, lines: range } }), { signal }).catch(
    (error: unknown) => {
      throw signal.aborted ? error : unreachable()
    },
  )
  if (!response.ok) throw problemOf(response.status, await response.json().catch(() => undefined))
  const text = await response.text()
  // The parsing seam: the log service validated each line when it was stored.
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): LogLine => JSON.parse(line))
  return { lines, total: Number(response.headers.get('x-log-lines')?.split('/')[1] ?? lines.length) }
}

/** A log: its end first, the rest where it is looked at, and live lines as they come. */
export function useLog(logKey: string): Log {
  const [attempt, setAttempt] = useState(0)
  const model = useMemo(() => new LogModel(), [logKey, attempt])
  const [head, setHead] = useState<Head>({ after: undefined, error: undefined })
  const reading = useRef(new Map<number, AbortController>())
  const buffer = useRef<LogLine[]>([])
  useSyncExternalStore(model.subscribe, model.version)

  useEffect(() => {
    const abort = new AbortController()
    setHead({ after: undefined, error: undefined })
    const readHead = async (): Promise<void> => {
      try {
        const { lines, total } = await readPage(logKey, 0, abort.signal)
        model.setPage(0, lines, total)
        setHead({ after: Math.max(lines.length, total - FIRST_LOOK_LINES), error: undefined })
      } catch (error) {
        if (abort.signal.aborted) return
        // Nothing is written yet, or nothing but what comes: the stream waits for the first line.
        const isWaiting = error instanceof ApiProblem && (error.status === 404 || error.status === 416)
        setHead(isWaiting ? { after: 0, error: undefined } : { after: undefined, error })
      }
    }
    void readHead()
    const running = reading.current
    return () => {
      abort.abort()
      for (const one of running.values()) one.abort()
      running.clear()
    }
  }, [logKey, model])

  useEffect(() => {
    const timer = setInterval(() => {
      if (buffer.current.length === 0) return
      model.append(buffer.current)
      buffer.current = []
    }, FLUSH_MS)
    return () => {
      clearInterval(timer)
      buffer.current = []
    }
  }, [model])

  const state = useEventStream({
    url: head.after === undefined ? undefined : urlOf('streamLog', { query: { key: logKey, after: head.after } }),
    events: ['message', 'end'],
    onEvent: (name, data) => {
      if (name === 'message') buffer.current.push(data as LogLine)
      else if (isRecord(data)) {
        model.append(buffer.current)
        buffer.current = []
        model.complete(Number(data['lastSeq']))
      }
    },
  })

  return {
    model,
    state: head.after === undefined ? 'reading' : state,
    error: head.error,
    want: (from, to) => {
      const page = model.missingPage(from, to)
      if (page === undefined || reading.current.has(page)) return
      const abort = new AbortController()
      const read = async (): Promise<void> => {
        try {
          const { lines, total } = await readPage(logKey, page, abort.signal)
          model.setPage(page, lines, total)
        } catch (error) {
          if (!abort.signal.aborted) setHead((now) => ({ ...now, error }))
        } finally {
          reading.current.delete(page)
        }
      }
      reading.current.set(page, abort)
      void read()
    },
    retry: () => setAttempt((count) => count + 1),
  }
}
