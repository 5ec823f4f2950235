import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { MeasuredRun } from '../sluice/run-pipeline.ts'

const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  process: z.string(),
  name: z.string(),
  kind: z.string(),
  startMs: z.number(),
  durationMs: z.number(),
})
type Span = z.infer<typeof Span>

/** Spans before this are of the request that came before. */
const SLACK_MS = 5

/** The spans of one run in order of their start, in ms from the request; and its units, as the graph shows them. */
export async function readTimeline(traceFile: string, run: MeasuredRun): Promise<string> {
  const text = await readFile(traceFile, 'utf8')
  const spans = text.split('\n').flatMap((line): Span[] => {
    if (line === '') return []
    const span = Span.safeParse(JSON.parse(line))
    return span.success ? [span.data] : []
  })
  const until = run.startedAt + run.storedMs
  const inTime = spans.filter((span) => span.startMs > run.startedAt - SLACK_MS && span.startMs <= until)
  const rows = [
    ...inTime.map((span) => ({ at: span.startMs, ms: span.durationMs, process: span.process, name: span.name })),
    ...run.nodes.flatMap((node) =>
      node.unitProgresses.map((unit) => ({
        at: unit.startTime,
        ms: Number.NaN,
        process: 'db-step',
        name: `unit ${node.identifier}/${unit.unitName}`,
      })),
    ),
    { at: run.startedAt + run.acceptedMs, ms: Number.NaN, process: 'client', name: 'answer to Run' },
    { at: run.startedAt + run.succeededMs, ms: Number.NaN, process: 'client', name: 'SUCCEEDED seen' },
    { at: until, ms: Number.NaN, process: 'client', name: 'logs stored' },
  ]
  const lines = rows
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, ms, process: name, name: what }) => {
      const offset = (at - run.startedAt).toFixed(1).padStart(8)
      return `${offset}  ${Number.isNaN(ms) ? '        ' : ms.toFixed(1).padStart(8)}  ${name.padEnd(18)}${what}`
    })
  return ['    from        ms  process           what', ...lines].join('\n')
}
