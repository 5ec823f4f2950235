import { expect, it } from 'vitest'
import { EventLog } from './event-log.ts'

async function readAll(log: EventLog<string>, afterSeq = 0): Promise<string[]> {
  const found: string[] = []
  for await (const { seq, event } of log.read(afterSeq)) found.push(`${seq} ${event}`)
  return found
}

it('replays everything to a reader that attaches later', async () => {
  const log = new EventLog<string>()
  log.append('unit')
  log.end('result')
  expect(await readAll(log)).toEqual(['1 unit', '2 result'])
  expect(await readAll(log, 1)).toEqual(['2 result'])
})

it('lets go of what is read once when a reader had it, and keeps the numbers of the rest', async () => {
  const log = new EventLog<string>((event) => event === 'line')
  for (const event of ['unit', 'line', 'line']) log.append(event)
  log.end('result')
  expect(await readAll(log)).toEqual(['1 unit', '2 line', '3 line', '4 result'])
  expect(await readAll(log)).toEqual(['1 unit', '4 result'])
})

it('keeps what no reader had', async () => {
  const log = new EventLog<string>((event) => event === 'line')
  for (const event of ['line', 'line']) log.append(event)
  for await (const { seq } of log.read(0)) if (seq === 1) break
  log.end('result')
  expect(await readAll(log)).toEqual(['1 line', '2 line', '3 result'])
})
