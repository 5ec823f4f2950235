import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { system } from './system.ts'

const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  /** Program that wrote it. */
  process: z.string(),
  name: z.string(),
  /** Epoch ms. */
  startMs: z.number(),
  attributes: z.record(z.string(), z.unknown()),
  failed: z.boolean(),
})
export type Span = z.infer<typeof Span>

/** Every span that every process has written so far. */
export async function readSpans(): Promise<Span[]> {
  const text = await readFile(system.traceFile, 'utf8')
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Span.parse(JSON.parse(line)))
}

/** `from → to` of a span that crosses an edge. */
export function edgeOf(span: Span): string | undefined {
  const { 'sluice.edge.from': from, 'sluice.edge.to': to } = span.attributes
  return typeof from === 'string' && typeof to === 'string' ? `${from} → ${to}` : undefined
}

/** The edges that spans cross, each once, sorted. */
export function edgesOf(spans: readonly Span[]): string[] {
  return [...new Set(spans.map((span) => edgeOf(span)).filter((edge) => edge !== undefined))].toSorted()
}
