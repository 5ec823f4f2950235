import type { TaskProgress } from '@sluice/contracts/task-progress'
import type { NodeRecord, NodeUnit } from './node-record.ts'
import { isActive } from './node-status.ts'

/**
 * Puts what a running attempt has told so far on its node. What comes late, twice or in another order changes nothing
 * that is newer, and a node that is final is never touched.
 * @returns the record to store, at the same version (no engine event happened); undefined where there is nothing to store
 */
export function noteProgress(record: NodeRecord, progress: TaskProgress): NodeRecord | undefined {
  const { task } = record
  if (!isActive(record.status) || task === null || task.phase === 'finished') return undefined
  if (task.attemptId !== progress.attemptId) return undefined
  const units = mergeUnits(record.units, progress.units)
  const isNewer = progress.changesets !== undefined && progress.sequence > (record.changesets?.sequence ?? -1)
  const changesets =
    isNewer && progress.changesets !== undefined ? { sequence: progress.sequence, ...progress.changesets } : undefined
  if (units === record.units && changesets === undefined) return undefined
  return { ...record, units, ...(changesets === undefined ? {} : { changesets }) }
}

/** A unit that ended stays ended; units stay in the order they began. The same list where nothing is new. */
function mergeUnits(known: readonly NodeUnit[], told: readonly NodeUnit[]): readonly NodeUnit[] {
  const byName = new Map(known.map((unit) => [unit.name, unit]))
  let isNew = false
  for (const unit of told) {
    const before = byName.get(unit.name)
    if (before !== undefined && (before.endedAt !== undefined || unit.endedAt === undefined)) continue
    byName.set(unit.name, unit)
    isNew = true
  }
  return isNew ? [...byName.values()].toSorted((a, b) => a.startedAt - b.startedAt) : known
}

/** Units of an attempt that is over: what hadn't ended when its last word came ends with it. */
export function endUnits(units: readonly NodeUnit[], succeeded: boolean, at: number): readonly NodeUnit[] {
  return units.map((unit) =>
    unit.endedAt === undefined
      ? { ...unit, status: succeeded ? 'succeeded' : 'failed', endedAt: Math.max(unit.startedAt, at) }
      : unit,
  )
}

/** Count of an attempt that is over. Its last events may not have been told; what failed is in the failure. */
export function endCount(changesets: NodeRecord['changesets'], succeeded: boolean): Pick<NodeRecord, 'changesets'> {
  if (changesets === undefined) return {}
  return { changesets: { ...changesets, done: succeeded ? changesets.total : changesets.done, current: null } }
}
