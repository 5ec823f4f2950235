import type { LogSection } from '@sluice/contracts/logs'
import { useEffect, useState } from 'react'
import { call } from '../api/call.ts'

export interface Scan {
  sections: LogSection[]
  matches: number[]
  /** Lines looked at so far. */
  scannedTo: number
  isRunning: boolean
  error: unknown
  /** Text that was searched for: matches of an older one are nobody's business. */
  search: string
}

/** While lines come, they are looked through this often; a failed look is tried again after it, too. */
const PAUSE_MS = 2_000

/** Matches are shown one at a time: nobody steps through more. */
const MAX_MATCHES = 10_000
const EMPTY: Scan = { sections: [], matches: [], scannedTo: 0, isRunning: false, error: undefined, search: '' }

function joined(have: readonly LogSection[], found: readonly LogSection[]): LogSection[] {
  const last = have.at(-1)
  const end = last?.lastSeq ?? 0
  // What was looked at twice counts once.
  const more = found
    .filter(({ lastSeq }) => lastSeq > end)
    .map((section) => ({ ...section, firstSeq: Math.max(section.firstSeq, end + 1) }))
  const [first, ...rest] = more
  // A request ends anywhere: the next one goes on within the same section.
  if (first === undefined || last?.unit !== first.unit || end + 1 !== first.firstSeq) return [...have, ...more]
  return [...have.slice(0, -1), { ...last, lastSeq: first.lastSeq, level: worse(last.level, first.level) }, ...rest]
}

const LEVELS: readonly LogSection['level'][] = ['debug', 'info', 'warn', 'error']
function worse(left: LogSection['level'], right: LogSection['level']): LogSection['level'] {
  return LEVELS.indexOf(left) > LEVELS.indexOf(right) ? left : right
}

/**
 * Has the server look through the log, some hundred thousand lines a request. `until` is how far the log goes by now: what
 * came since the last look is looked at as well, at once when the log has ended (`isComplete`), else after a pause.
 */
export function useScan(logKey: string, search: string, until: number, isComplete: boolean): Scan {
  const [scan, setScan] = useState(EMPTY)
  const [isResting, setResting] = useState(false)
  useEffect(() => {
    setScan({ ...EMPTY, search })
    setResting(false)
  }, [logKey, search])
  useEffect(() => {
    if (!isResting) return
    const timer = setTimeout(() => setResting(false), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [isResting])
  const hasMore = until > scan.scannedTo && scan.matches.length < MAX_MATCHES
  const mayLook = !isResting || (isComplete && scan.error === undefined)
  const isDue = hasMore && mayLook && scan.search === search
  useEffect(() => {
    if (!isDue) return
    const abort = new AbortController()
    setScan((now) => ({ ...now, isRunning: true }))
    const look = async (): Promise<void> => {
      try {
        const query = { key: logKey, search, from: scan.scannedTo + 1 }
        const { matches, sections, total, nextSeq } = await call('scanLog', { query }, { signal: abort.signal })
        setScan((now) => ({
          search,
          sections: joined(now.sections, sections),
          matches: [...now.matches, ...matches.filter((seq) => seq > (now.matches.at(-1) ?? 0))],
          // Never back: a log-service that starts again knows the last lines only when they have been sent again.
          scannedTo: Math.max(now.scannedTo, nextSeq === undefined ? total : nextSeq - 1),
          isRunning: false,
          error: undefined,
        }))
        if (nextSeq === undefined) setResting(true)
      } catch (error) {
        if (abort.signal.aborted) return
        setScan((now) => ({ ...now, isRunning: false, error }))
        setResting(true)
      }
    }
    void look()
    return () => abort.abort()
    // A new look begins where the last one ended; more lines alone don't cut a look short.
  }, [logKey, search, scan.scannedTo, isDue])
  return scan.search === search ? scan : { ...EMPTY, search }
}
