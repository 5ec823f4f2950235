import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface RedisBinary {
  path: string
  /** e.g. `[7, 0]` */
  version: readonly [number, number]
}

/** The `redis-server` (or `valkey-server`) on the PATH, or undefined. */
export async function findRedisServer(): Promise<RedisBinary | undefined> {
  for (const path of ['redis-server', 'valkey-server']) {
    const text = await run(path, ['--version'], { timeout: 5_000 }).then(
      ({ stdout }) => stdout,
      () => '',
    )
    const match = /v=(\d+)\.(\d+)/.exec(text)
    if (match) return { path, version: [Number(match[1]), Number(match[2])] }
  }
  return undefined
}
