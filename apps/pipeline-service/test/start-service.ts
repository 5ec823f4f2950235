import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort, until, type CertificateFiles } from '@sluice/testing'

export interface ServiceProcess {
  url: string
  healthUrl: string
  /** kill -9. */
  kill(): Promise<void>
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>
}

export interface StartServiceOptions {
  tls: CertificateFiles
  caFile: string
  databaseUrl: string
  redisUrl: string
  managerUrl: string
}

/** pipeline-service as `npm start` runs it: a process of its own. */
export async function startService(options: StartServiceOptions): Promise<ServiceProcess> {
  const [port, healthPort] = [await freePort(), await freePort()]
  const child = spawn(process.execPath, [fileURLToPath(new URL('../src/main.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      NODE_NO_WARNINGS: '1',
      SLUICE_HTTP_PORT: String(port),
      SLUICE_HEALTH_PORT: String(healthPort),
      SLUICE_TLS_CERT_FILE: options.tls.certFile,
      SLUICE_TLS_KEY_FILE: options.tls.keyFile,
      SLUICE_CA_FILE: options.caFile,
      SLUICE_DATABASE_URL: options.databaseUrl,
      SLUICE_REDIS_URL: options.redisUrl,
      SLUICE_URL_NG_MANAGER: options.managerUrl,
      SLUICE_PUBLIC_URL: 'https://sluice.test',
      SLUICE_LOG_LEVEL: process.env['SLUICE_LOG_LEVEL'] ?? 'error',
    },
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
    if (process.env['SLUICE_LOG_LEVEL'] !== undefined) process.stderr.write(chunk)
  })
  const exited = once(child, 'exit')
  const healthUrl = `http://127.0.0.1:${healthPort}`
  const isReady = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`pipeline-service ended with ${child.exitCode}: ${output}`)
    return fetch(`${healthUrl}/readyz`).then(
      (response) => response.ok,
      () => false,
    )
  }
  await until(isReady, { what: 'pipeline-service to be ready', deadlineMs: 30_000, everyMs: 50 })
  return {
    url: `https://127.0.0.1:${port}`,
    healthUrl,
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      return child.exitCode
    },
  }
}
