import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startStack } from '@sluice/devstack/stack'
import { Pool } from 'pg'
import { signIn, type ApiClient } from './api-client.ts'
import { DATA, type Shop } from './shop.ts'

export interface BenchStack {
  client: ApiClient
  /** Sluice's own database. */
  store: Pool
  stop(): Promise<void>
}

/** Starts the whole of Sluice beside the shop, with what it needs to reach the shop's git host. */
export async function openStack(
  shop: Shop,
  options: { environment: NodeJS.ProcessEnv; password?: string; signal: AbortSignal },
): Promise<BenchStack & { password: string }> {
  const stack = await startStack({
    dataDir: join(shop.folder, DATA),
    port: 'any',
    signal: options.signal,
    environment: {
      SLUICE_LOG_LEVEL: 'warn',
      SLUICE_GIT_CA_FILE: shop.gitCaFile,
      SLUICE_SCM_CA_FILE: shop.gitCaFile,
      SLUICE_SCM_ALLOWED_HOSTS: 'localhost',
      ...options.environment,
    },
  })
  try {
    const password = options.password ?? stack.password ?? ''
    const caPem = await readFile(stack.caFile, 'utf8')
    const client = await signIn({ gatewayUrl: stack.gatewayUrl, caPem, email: 'admin@localhost', password })
    const store = new Pool({ connectionString: stack.postgresUrl, max: 1 })
    return {
      client,
      store,
      password,
      stop: async () => {
        await client.close()
        await store.end()
        await stack.stop()
      },
    }
  } catch (error) {
    await stack.stop()
    throw error
  }
}
