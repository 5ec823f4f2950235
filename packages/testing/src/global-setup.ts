import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startPostgres, type RunningServer } from '@sluice/local-servers'

/** Data that is lost with the machine is fine here, and 300 connections serve many test files at once. */
const SETTINGS = { max_connections: '300', fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/**
 * Vitest's global setup: answers the test files that ask for Postgres, and starts it at the first question, so that runs
 * without a database pay nothing. One server per run, in a folder of its own.
 */
export async function setup(project: {
  provide(key: 'sluiceTestServers', value: string): void
}): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  // As root, Postgres runs as another user, who has to get through.
  await chmod(folder, 0o711)
  let postgres: Promise<RunningServer & { url: string }> | undefined
  const start = async () =>
    startPostgres({
      folder: join(folder, 'postgres'),
      port: await freePort(),
      password: 'one-run-only',
      logFile: join(folder, 'postgres.log'),
      settings: SETTINGS,
    })
  const server = createServer((_request, response) => {
    postgres ??= start()
    postgres.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    )
  })
  const socketPath = join(folder, 'servers.sock')
  await new Promise<void>((resolve) => {
    server.listen(socketPath, resolve)
  })
  project.provide('sluiceTestServers', socketPath)
  return async () => {
    server.close()
    const running = await postgres?.catch(() => undefined)
    await running?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
