import { createServer } from 'node:http'
import type { DelegateLoop } from './modules/connection/delegate-loop.ts'

/** `/healthz`: the process lives. `/readyz`: the control plane has welcomed it. `/debug`: the state of the loop. */
export async function startHealth(options: { host: string; port: number }, loop: DelegateLoop): Promise<() => void> {
  const server = createServer((request, response) => {
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.url === '/healthz') json(200, { status: 'ok' })
    else if (request.url === '/readyz') json(loop.isConnected ? 200 : 503, { ready: loop.isConnected })
    else if (request.url === '/debug') json(200, loop.snapshot())
    else json(404, { message: '/healthz, /readyz and /debug are here' })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return () => {
    server.closeAllConnections()
    server.close()
  }
}
