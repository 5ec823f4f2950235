import type { LogLine } from '@sluice/contracts/logs'
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { urlOf } from '../api/call.ts'
import { type StreamState, useEventStream } from '../api/event-stream.ts'
import { ApiProblem, isRecord, problemOf, unreachable } from '../api/problem.ts'
import { session } from '../api/session.ts'
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
  /** Above 0 while nothing is asked for, because the last try failed. */
  pauseMs: number
}

/** First wait before a page that could not be read is asked for again; doubles up to the longest. */
const RETRY_MS = 1_000
const RETRY_MAX_MS = 10_000

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
  if (response.status === 401) session.expire()
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
  // While this is set, pages wait: one that failed would be asked for again at every drawing.
  const [pauseMs, setPauseMs] = useState(0)
  const failures = useRef(0)
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

  useEffect(() => {
    if (pauseMs === 0) return
    const timer = setTimeout(() => setPauseMs(0), pauseMs)
    return () => clearTimeout(timer)
  }, [pauseMs])

  const { after } = head
  const state = useEventStream({
    url: after === undefined ? undefined : urlOf('streamLog', { query: { key: logKey, after } }),
    // Opened anew, it goes on behind the last line that is here: nobody gets a million lines twice.
    urlAgain: () => urlOf('streamLog', { query: { key: logKey, after: Math.max(after ?? 0, model.total) } }),
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
      if (page === undefined || pauseMs > 0 || reading.current.has(page)) return
      const abort = new AbortController()
      const read = async (): Promise<void> => {
        try {
          const { lines, total } = await readPage(logKey, page, abort.signal)
          model.setPage(page, lines, total)
          failures.current = 0
          setHead((now) => (now.error === undefined ? now : { ...now, error: undefined }))
        } catch (error) {
          if (abort.signal.aborted) return
          setHead((now) => ({ ...now, error }))
          setPauseMs(Math.min(RETRY_MS * 2 ** failures.current, RETRY_MAX_MS))
          failures.current += 1
        } finally {
          reading.current.delete(page)
        }
      }
      reading.current.set(page, abort)
      void read()
    },
    retry: () => setAttempt((count) => count + 1),
    pauseMs,
  }
}
