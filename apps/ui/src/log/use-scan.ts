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
}

/** Matches are shown one at a time: nobody steps through more. */
const MAX_MATCHES = 10_000
const EMPTY: Scan = { sections: [], matches: [], scannedTo: 0, isRunning: false, error: undefined }

function joined(have: readonly LogSection[], more: readonly LogSection[]): LogSection[] {
  const [first, ...rest] = more
  const last = have.at(-1)
  // A request ends anywhere: the next one goes on within the same section.
  if (first === undefined || last?.unit !== first.unit || last.lastSeq + 1 !== first.firstSeq) return [...have, ...more]
  return [...have.slice(0, -1), { ...last, lastSeq: first.lastSeq, level: worse(last.level, first.level) }, ...rest]
}

const LEVELS: readonly LogSection['level'][] = ['debug', 'info', 'warn', 'error']
function worse(left: LogSection['level'], right: LogSection['level']): LogSection['level'] {
  return LEVELS.indexOf(left) > LEVELS.indexOf(right) ? left : right
}

/**
 * Has the server look through the log, some hundred thousand lines a request. `until` is how far the log goes by now: what
 * came since the last look is looked at as well.
 */
export function useScan(logKey: string, search: string, until: number): Scan {
  const [scan, setScan] = useState(EMPTY)
  useEffect(() => setScan(EMPTY), [logKey, search])
  const isDue = until > scan.scannedTo && scan.error === undefined && scan.matches.length < MAX_MATCHES
  useEffect(() => {
    if (!isDue) return
    const abort = new AbortController()
    setScan((now) => ({ ...now, isRunning: true }))
    const look = async (): Promise<void> => {
      try {
        const query = { key: logKey, search, from: scan.scannedTo + 1 }
        const { matches, sections, total, nextSeq } = await call('scanLog', { query }, { signal: abort.signal })
        setScan((now) => ({
          sections: joined(now.sections, sections),
          matches: [...now.matches, ...matches],
          scannedTo: nextSeq === undefined ? total : nextSeq - 1,
          isRunning: false,
          error: undefined,
        }))
      } catch (error) {
        if (!abort.signal.aborted) setScan((now) => ({ ...now, isRunning: false, error }))
      }
    }
    void look()
    return () => abort.abort()
    // A new look begins where the last one ended; more lines alone don't cut a look short.
  }, [logKey, search, scan.scannedTo, isDue])
  return scan
}
