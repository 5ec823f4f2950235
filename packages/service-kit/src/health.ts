import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServiceMetrics } from './metrics.ts'

export interface HealthServer {
  port: number
  /** `/readyz` answers 503 from now on, so that no new work is sent here. */
  drain(): void
  close(): Promise<void>
}

export interface StartHealthOptions {
  host: string
  port: number
  /** Named checks; each has two seconds. */
  checks: Record<string, () => Promise<unknown>>
  metrics?: ServiceMetrics
}

const CHECK_TIMEOUT_MS = 2_000

async function runChecks(checks: StartHealthOptions['checks']): Promise<Record<string, string>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, string]> => {
      try {
        await Promise.race([
          check(),
          new Promise((_resolve, reject) => {
            setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS).unref()
          }),
        ])
        return [name, 'ok']
      } catch (error) {
        return [name, error instanceof Error ? error.message : String(error)]
      }
    }),
  )
  return Object.fromEntries(results)
}

/** Starts the plain listener with `/healthz` (process lives), `/readyz` (its stores answer) and `/metrics`. */
export async function startHealth(options: StartHealthOptions): Promise<HealthServer> {
  let draining = false
  const answer = async (url: string): Promise<{ status: number; type: string; body: string }> => {
    if (url === '/healthz') return { status: 200, type: 'application/json', body: '{"status":"ok"}' }
    if (url === '/metrics' && options.metrics !== undefined) {
      const { registry } = options.metrics
      return { status: 200, type: registry.contentType, body: await registry.metrics() }
    }
    if (url === '/readyz') {
      const checks = draining ? { draining: 'stopping' } : await runChecks(options.checks)
      const ready = Object.values(checks).every((result) => result === 'ok')
      return { status: ready ? 200 : 503, type: 'application/json', body: JSON.stringify({ ready, checks }) }
    }
    return { status: 404, type: 'application/json', body: '{"message":"/healthz, /readyz and /metrics are here"}' }
  }
  const server: Server = createServer((request, response) => {
    answer(request.url ?? '').then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    port: address.port,
    drain: () => {
      draining = true
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}
