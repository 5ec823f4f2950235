import { open, readFile, rm } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '../user-error.ts'
import type { Layout } from './layout.ts'
import { startOf } from './process-identity.ts'

const Lock = z.object({ pid: z.number(), start: z.string().optional(), url: z.string() })

/**
 * Makes this process the only one that works with the data folder. A lock whose owner is gone is taken over.
 * @returns releases the lock
 * @throws UserError that names the process which holds it
 */
export async function lockDataFolder(layout: Layout, url: string): Promise<() => Promise<void>> {
  const text = JSON.stringify({ pid: process.pid, start: await startOf(process.pid), url })
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const file = await open(layout.lockFile, 'wx', 0o600)
      await file.writeFile(text)
      await file.close()
      return () => rm(layout.lockFile, { force: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const holder = Lock.safeParse(parseJson(await readFile(layout.lockFile, 'utf8').catch(() => '')))
    if (holder.success && (await startOf(holder.data.pid)) === holder.data.start) {
      throw new UserError(
        `Sluice already runs here: process ${holder.data.pid}, ${holder.data.url}. Stop it first, or start another one beside it: npm start -- --port 9443 --data-dir <folder>`,
      )
    }
    await rm(layout.lockFile, { force: true })
  }
  throw new UserError(
    `The lock "${layout.lockFile}" is taken again and again. Is another npm start coming up at this moment?`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Cut off while it was written: nobody holds it.
    return undefined
  }
}
