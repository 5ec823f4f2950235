import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the probes ask; the loop is there once the delegate is enrolled. */
export interface Probed {
  readonly isConnected: boolean
  snapshot(): Record<string, unknown>
}

/**
 * `/healthz`: the process lives. `/readyz`: the control plane has welcomed it. `/debug`: the state of the loop.
 * Answers from the start on: a delegate whose control plane is away is alive.
 */
export async function startHealth(
  options: { host: string; port: number },
  probed: () => Probed | undefined,
): Promise<{ port: number; close(): void }> {
  const server = createServer((request, response) => {
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const loop = probed()
    const ready = loop?.isConnected ?? false
    if (request.url === '/healthz') json(200, { status: 'ok' })
    else if (request.url === '/readyz') json(ready ? 200 : 503, { ready })
    else if (request.url === '/debug') json(200, loop?.snapshot() ?? { phase: { name: 'enrolling' } })
    else json(404, { message: '/healthz, /readyz and /debug are here' })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
