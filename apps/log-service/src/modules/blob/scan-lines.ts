import { stripVTControlCharacters } from 'node:util'
import { LOG_SCAN_LINES, LOG_SCAN_MATCHES, LogLevel, LogLine, type LogSection } from '@sluice/contracts/logs'
import type { StreamHead } from '../stream/stream-store.ts'
import type { SegmentReader } from './segment-reader.ts'

export interface Scan {
  matches: number[]
  sections: LogSection[]
  total: number
  nextSeq?: number
}

/** Looks at some lines from `from` on: which of them hold `search`, and which sections they make. */
export async function scanLines(
  segments: SegmentReader,
  head: StreamHead,
  { search, from }: { search: string; from: number },
): Promise<Scan> {
  const wanted = search.toLowerCase()
  const scan: Scan = { matches: [], sections: [], total: head.ackedSeq }
  for await (const segment of segments.from(head, from)) {
    for (const json of await segment.lines()) {
      const line = LogLine.parse(JSON.parse(json))
      if (line.seq < from) continue
      if (line.seq - from >= LOG_SCAN_LINES || scan.matches.length >= LOG_SCAN_MATCHES) {
        return { ...scan, nextSeq: line.seq }
      }
      addToSection(scan.sections, line)
      if (wanted !== '' && stripVTControlCharacters(line.text).toLowerCase().includes(wanted))
        scan.matches.push(line.seq)
    }
  }
  return scan
}

function addToSection(sections: LogSection[], { unit, seq, level }: LogLine): void {
  if (unit === undefined) return
  const last = sections.at(-1)
  if (last === undefined || last.unit !== unit) {
    sections.push({ unit, firstSeq: seq, lastSeq: seq, level })
    return
  }
  last.lastSeq = seq
  if (LogLevel.options.indexOf(level) > LogLevel.options.indexOf(last.level)) last.level = level
}
