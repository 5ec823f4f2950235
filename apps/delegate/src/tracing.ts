import { randomBytes } from 'node:crypto'
import { appendFile } from 'node:fs/promises'

/** Attribute names of the two ends of a network edge, the same as in the services' spans. */
export const EDGE_FROM = 'sluice.edge.from'
export const EDGE_TO = 'sluice.edge.to'

let traceFile: string | undefined

/** Spans are appended here as NDJSON; without a file only the context is carried on. */
export function traceTo(file: string | undefined): void {
  traceFile = file
}

export interface SpanOptions {
  traceparent?: string
  attributes: Record<string, string>
}

/**
 * Runs `work` in a span below `traceparent` and gives it the context to hand on. A W3C context and one line a span are
 * all that the agents need; the OpenTelemetry SDK would double their start-up time.
 */
export async function inSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: { traceparent?: string }) => Promise<T>,
): Promise<T> {
  const [, traceId, parentSpanId] = options.traceparent?.split('-') ?? []
  if (traceId === undefined) return work({})
  const spanId = randomBytes(8).toString('hex')
  const startMs = Date.now()
  let hasFailed = true
  try {
    const result = await work({ traceparent: `00-${traceId}-${spanId}-01` })
    hasFailed = false
    return result
  } finally {
    if (traceFile !== undefined) {
      const span = {
        traceId,
        spanId,
        parentSpanId,
        process: 'delegate',
        name,
        kind: 'CLIENT',
        startMs,
        durationMs: Date.now() - startMs,
        attributes: options.attributes,
        failed: hasFailed,
      }
      await appendFile(traceFile, `${JSON.stringify(span)}\n`)
    }
  }
}
