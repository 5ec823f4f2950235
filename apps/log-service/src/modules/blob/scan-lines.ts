import { stripVTControlCharacters } from 'node:util'
import { LOG_SCAN_LINES, LOG_SCAN_MATCHES, LogLevel, type LogLine, type LogSection } from '@sluice/contracts/logs'
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
      // The parsing seam: each line was validated when it was stored; here a hundred thousand are read at once.
      const line: LogLine = JSON.parse(json)
      if (line.seq < from) continue
      // Lines that came during the look are for the next one, which begins behind `total`.
      if (line.seq > head.ackedSeq) return scan
      if (line.seq - from >= LOG_SCAN_LINES || scan.matches.length >= LOG_SCAN_MATCHES) {
        return { ...scan, nextSeq: line.seq }
      }
      addToSection(scan.sections, line)
      if (wanted !== '' && plain(line.text).toLowerCase().includes(wanted)) scan.matches.push(line.seq)
    }
  }
  return scan
}

/** The text without control sequences; most lines have none. */
function plain(text: string): string {
  return text.includes('\u001b') ? stripVTControlCharacters(text) : text
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
