import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startRedis } from '@sluice/local-servers'

export interface TestRedis {
  port: number
  /** Without a user: for a server without an ACL. */
  url: string
  urlFor(user: string, password: string): string
  stop(): Promise<void>
}

/** A Redis of the caller's own, on loopback, that keeps nothing. `acl` is the text of an ACL file. */
export async function startTestRedis(options: { acl?: string; port?: number } = {}): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-redis-'))
  const port = options.port ?? (await freePort())
  const server = await startRedis({ folder, port, acl: options.acl, keep: false, logFile: join(folder, 'redis.log') })
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    urlFor: (user, password) => `redis://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
