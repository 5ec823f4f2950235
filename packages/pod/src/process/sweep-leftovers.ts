import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, readOwnerMarker } from './owner-marker.ts'

/** A folder without a marker may be one that another delegate is making right now. */
const UNMARKED_AGE_MS = 10 * 60_000

export interface SweepReport {
  /** Names of the folders removed. */
  removed: string[]
  /** Process groups ended. */
  killed: number[]
}

/**
 * Removes what killed delegates left behind in the pods' folder: ends process groups that are provably those of a pod
 * whose owner is gone (pid and start time agree), then removes its folder. Pods of living delegates are not touched.
 */
export async function sweepLeftovers(podsFolder: string, now: number): Promise<SweepReport> {
  const report: SweepReport = { removed: [], killed: [] }
  const entries = await readdir(podsFolder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    const folder = join(podsFolder, entry.name)
    const marker = await readOwnerMarker(folder)
    if (marker === undefined) {
      const info = await stat(folder).catch(() => undefined)
      if (info === undefined || now - info.mtimeMs < UNMARKED_AGE_MS) continue
    } else if (await isAlive(marker.owner)) {
      continue
    }
    for (const child of marker?.children ?? []) {
      if (!(await isAlive(child))) continue
      if (killGroup(child.pid)) report.killed.push(child.pid)
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    report.removed.push(entry.name)
  }
  return report
}

/** Ends a process group at once; false when there is none. */
export function killGroup(leaderPid: number): boolean {
  try {
    process.kill(-leaderPid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}
