import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export interface ServiceMetrics {
  registry: Registry
  /** Observes one finished request. */
  observeRequest(labels: { method: string; route: string; status: number }, seconds: number): void
  /** A gauge that is read when the metrics are asked for. */
  addGauge(name: string, help: string, read: () => Promise<number>): void
}

/** A Prometheus registry with process metrics and one histogram of requests. */
export function createMetrics(service: string): ServiceMetrics {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'sluice_http_request_duration_seconds',
    help: 'Time from request to the last byte handed to the socket.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    registers: [registry],
  })
  return {
    registry,
    observeRequest: (labels, seconds) => requests.observe({ ...labels, status: String(labels.status) }, seconds),
    addGauge: (name, help, read) => {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers: [registry],
        collect: async () => gauge.set(await read()),
      })
    },
  }
}
