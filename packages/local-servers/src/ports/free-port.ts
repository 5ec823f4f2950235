import { createServer, type Server } from 'node:net'

/** A TCP port of 127.0.0.1 that nobody listens on now. Another process may still take it before the caller does. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  if (port === undefined) throw new Error('The operating system gave no port.')
  return port
}

/** Several free ports, all different: each is held until all are found. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)))
  const ports = servers.map((server) => {
    const address = server.address()
    return address !== null && typeof address === 'object' ? address.port : 0
  })
  await Promise.all(servers.map((server) => close(server)))
  return ports
}

/** Why `port` of 127.0.0.1 can't be listened on: the error's code, or undefined when it can. */
export async function whyTaken(port: number): Promise<string | undefined> {
  try {
    await close(await listen(port))
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
