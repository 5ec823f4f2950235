import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readProcessStart } from './process-start.ts'

const MARKER = 'owner.json'
const MarkedProcess = z.object({ pid: z.number().int().min(2), start: z.string() })
const OwnerMarker = z.object({ owner: MarkedProcess, children: z.array(MarkedProcess) })
export type OwnerMarker = z.infer<typeof OwnerMarker>

/** Writes into a pod's folder who owns it and which process groups belong to it, for the sweeper of a later delegate. */
export async function writeOwnerMarker(folder: string, childPids: readonly number[]): Promise<void> {
  const children = await Promise.all(childPids.map(markProcess))
  const marker: OwnerMarker = {
    owner: { pid: process.pid, start: (await readProcessStart(process.pid)) ?? '' },
    children: children.filter((child) => child !== undefined),
  }
  const fresh = join(folder, `${MARKER}.new`)
  await writeFile(fresh, JSON.stringify(marker), { mode: 0o600 })
  await rename(fresh, join(folder, MARKER))
}

/** Undefined when there is none or it can't be read: its writer died in between, or it isn't a pod's folder. */
export async function readOwnerMarker(folder: string): Promise<OwnerMarker | undefined> {
  const text = await readFile(join(folder, MARKER), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return OwnerMarker.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** True while the very process that was marked still runs. */
export async function isAlive(marked: { pid: number; start: string }): Promise<boolean> {
  return (await readProcessStart(marked.pid)) === marked.start
}

async function markProcess(pid: number): Promise<{ pid: number; start: string } | undefined> {
  const start = await readProcessStart(pid)
  return start === undefined ? undefined : { pid, start }
}
