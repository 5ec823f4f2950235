import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/** Port of every server of a pod, as in the network table. */
const POD_PORT = 20001
/** Host number whose port 20001 is held as long as the block is ours. Members count from 1 and never come this far. */
const GUARD_HOST = 254
const MAX_TRIES = 200

interface PodEndpoint {
  host: string
  /** 0 where the platform has no loopback aliases: the process takes a free port and reports it. */
  port: number
}

/** Addresses of one pod on this machine. */
export interface LoopbackBlock {
  /** Address of a member; 1 is the lite engine. */
  endpoint(member: number): PodEndpoint
  /** Gives the block back. Idempotent. */
  release(): Promise<void>
}

/**
 * Claims a loopback block 127.p.q.0/24 for one pod. Several delegates may run on one machine: the claim is a listening
 * socket on the block's guard address, which the kernel gives to one process only and takes back when it dies.
 * Where the platform has no loopback aliases (macOS), members share 127.0.0.1 with a free port each.
 */
export async function claimLoopbackBlock(members: number): Promise<LoopbackBlock> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    // 127.0.x.x and 127.1.x.x are where people and resolvers put things of their own.
    const prefix = `127.${randomInt(2, 255)}.${randomInt(0, 256)}`
    const guard = await listen(`${prefix}.${GUARD_HOST}`)
    if (guard === 'taken') continue
    if (guard === 'unavailable') return sharedLoopback()
    const isFree = await areFree(Array.from({ length: members }, (_, index) => `${prefix}.${index + 1}`))
    if (!isFree) {
      // Members of a pod whose delegate was killed may still be ending.
      await close(guard)
      continue
    }
    let released: Promise<void> | undefined
    return {
      endpoint: (member) => ({ host: `${prefix}.${member}`, port: POD_PORT }),
      release: () => (released ??= close(guard)),
    }
  }
  throw new Error(`No free loopback block was found in ${MAX_TRIES} tries: too many pods run on this machine.`)
}

function sharedLoopback(): LoopbackBlock {
  return { endpoint: () => ({ host: '127.0.0.1', port: 0 }), release: () => Promise.resolve() }
}

async function areFree(hosts: readonly string[]): Promise<boolean> {
  const probes = await Promise.all(hosts.map(listen))
  await Promise.all(probes.filter((probe) => typeof probe !== 'string').map(close))
  return probes.every((probe) => typeof probe !== 'string')
}

function listen(host: string): Promise<Server | 'taken' | 'unavailable'> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.unref()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('taken')
      else if (error.code === 'EADDRNOTAVAIL') resolve('unavailable')
      else reject(error)
    })
    server.listen({ host, port: POD_PORT, exclusive: true }, () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
