import { request } from 'node:http'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Unix socket of the server that global-setup.ts starts. */
    sluiceTestServers?: string
  }
}

/**
 * URL of the run's Postgres, as its superuser. The first caller of a vitest run starts the server; all share it.
 * @throws Error when vitest.config.ts doesn't name `@sluice/testing/global-setup`
 */
export function postgresOfRun(): Promise<string> {
  const socketPath = inject('sluiceTestServers')
  if (socketPath === undefined) {
    throw new Error(
      'There is no Postgres for tests: add globalSetup: ["@sluice/testing/global-setup"] to vitest.config.ts.',
    )
  }
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path: '/postgres', timeout: 90_000 }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(text))
      })
    })
    call.on('error', reject)
    call.on('timeout', () => call.destroy(new Error('Postgres for tests did not start within 90 s')))
    call.end()
  })
}
