import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Removes a data folder of Sluice, with its Postgres cluster: that of a root user lies elsewhere where the user
 * `postgres` can't enter the folder, and a file says where.
 */
export async function removeDataFolder(dataDir: string): Promise<void> {
  const elsewhere = await readFile(join(dataDir, 'postgres', 'is-elsewhere'), 'utf8').catch(() => undefined)
  if (elsewhere !== undefined) await rm(elsewhere.trim(), { recursive: true, force: true, maxRetries: 3 })
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 })
}
