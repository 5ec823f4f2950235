import { stripVTControlCharacters } from 'node:util'
import { LogLine } from '@sluice/contracts/logs'
import type { StreamHead } from '../stream/stream-store.ts'
import type { SegmentReader } from './segment-reader.ts'

/** Text for people: `<ISO time> <LEVEL> <text>` a line, without control sequences. */
export async function* readText(segments: SegmentReader, head: StreamHead): AsyncGenerator<Buffer> {
  for await (const segment of segments.from(head, 1)) {
    const lines = await segment.lines()
    yield Buffer.from(lines.map(toText).join(''))
  }
}

function toText(json: string): string {
  const { time, level, text } = LogLine.parse(JSON.parse(json))
  return `${new Date(time).toISOString()} ${level.toUpperCase().padEnd(5)} ${stripVTControlCharacters(text)}\n`
}
