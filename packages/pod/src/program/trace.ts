import { randomBytes } from 'node:crypto'
import { appendFile } from 'node:fs/promises'

/** Attribute names of the two ends of a network edge, the same as in the services' spans. */
const EDGE_FROM = 'sluice.edge.from'
const EDGE_TO = 'sluice.edge.to'

export interface TraceEdge {
  /** W3C trace context of the caller; undefined or empty outside a trace. */
  traceparent: string | undefined
  /** Ends of the edge, named as in the network table. */
  from: string
  to: string
  /** The program that calls, where the table names its owner. */
  process?: string
}

/**
 * Runs `work` as a span of the caller's trace and gives it the context to hand on. Spans are appended as NDJSON to the
 * file that SLUICE_TRACE_FILE names; without one only the context is carried. The OpenTelemetry SDK would double the
 * start-up time of a program that does nothing else with it.
 */
export async function inEdgeSpan<Value>(
  name: string,
  edge: TraceEdge,
  work: (traceparent: string | undefined) => Promise<Value>,
): Promise<Value> {
  const [, traceId, parentSpanId] = edge.traceparent?.split('-') ?? []
  if (traceId === undefined || parentSpanId === undefined) return work(undefined)
  const spanId = randomBytes(8).toString('hex')
  const startMs = Date.now()
  let failed = true
  try {
    const value = await work(`00-${traceId}-${spanId}-01`)
    failed = false
    return value
  } finally {
    const file = process.env['SLUICE_TRACE_FILE']
    if (file !== undefined && file !== '') {
      const attributes = { [EDGE_FROM]: edge.from, [EDGE_TO]: edge.to }
      const durationMs = Date.now() - startMs
      const span = {
        traceId,
        spanId,
        parentSpanId,
        process: edge.process ?? edge.from,
        name,
        kind: 'CLIENT',
        startMs,
        durationMs,
        attributes,
        failed,
      }
      // A trace that can't be written is no reason to fail what it describes.
      await appendFile(file, `${JSON.stringify(span)}\n`).catch(() => undefined)
    }
  }
}
