import { createWriteStream, type WriteStream } from 'node:fs'
import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BasicTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base'

/** Attribute names of the two ends of a network edge. */
export const EDGE_FROM = 'sluice.edge.from'
export const EDGE_TO = 'sluice.edge.to'

function toLine(process: string, span: ReadableSpan): string {
  const { traceId, spanId } = span.spanContext()
  return `${JSON.stringify({
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    process,
    name: span.name,
    kind: SpanKind[span.kind],
    startMs: span.startTime[0] * 1000 + span.startTime[1] / 1e6,
    durationMs: span.duration[0] * 1000 + span.duration[1] / 1e6,
    attributes: span.attributes,
    failed: span.status.code === SpanStatusCode.ERROR,
  })}\n`
}

/** Appends one JSON object a line; O_APPEND keeps lines of several processes whole. */
class FileSpanExporter implements SpanExporter {
  readonly #process: string
  readonly #stream: WriteStream

  constructor(process: string, file: string) {
    this.#process = process
    this.#stream = createWriteStream(file, { flags: 'a' })
  }

  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    this.#stream.write(spans.map((span) => toLine(this.#process, span)).join(''), () => done({ code: 0 }))
  }

  async shutdown(): Promise<void> {
    await new Promise<void>((resolve) => this.#stream.end(resolve))
  }
}

/**
 * Switches tracing on for this process: W3C context is always carried; spans are written where `traceFile` says.
 * Call once, before the first request.
 * @returns a function that flushes and closes the exporter.
 */
export function startTracing(options: { process: string; traceFile?: string }): () => Promise<void> {
  const processors: SpanProcessor[] =
    options.traceFile === undefined
      ? []
      : [new SimpleSpanProcessor(new FileSpanExporter(options.process, options.traceFile))]
  const provider = new BasicTracerProvider({ spanProcessors: processors })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
  return () => provider.shutdown()
}

const tracer = () => trace.getTracer('sluice')

/** The context that a `traceparent` names, or the active one. */
export function contextOf(traceparent: string | undefined): Context {
  return traceparent === undefined ? context.active() : propagation.extract(context.active(), { traceparent })
}

/** `traceparent` of the active span, to hand on; undefined outside a trace. */
export function activeTraceparent(): string | undefined {
  const carrier: Record<string, string> = {}
  propagation.inject(context.active(), carrier)
  return carrier['traceparent']
}

/** Starts the span of a request that arrived. End it yourself. */
export function startServerSpan(
  name: string,
  traceparent: string | undefined,
  attributes: Attributes,
): { span: Span; context: Context } {
  const parent = contextOf(traceparent)
  const span = tracer().startSpan(name, { kind: SpanKind.SERVER, attributes }, parent)
  return { span, context: trace.setSpan(parent, span) }
}

/**
 * Runs `work` in a span below `traceparent` (or the active span); a throw marks the span failed and goes on.
 */
export async function inSpan<T>(
  name: string,
  options: { traceparent?: string; kind?: 'client' | 'internal' | 'consumer'; attributes?: Attributes },
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const parent = contextOf(options.traceparent)
  const kind = { client: SpanKind.CLIENT, internal: SpanKind.INTERNAL, consumer: SpanKind.CONSUMER }[
    options.kind ?? 'internal'
  ]
  const span = tracer().startSpan(name, { kind, attributes: options.attributes }, parent)
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span))
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

/** Runs `work` with the active context of a request. */
export function withContext<T>(active: Context, work: () => T): T {
  return context.with(active, work)
}
