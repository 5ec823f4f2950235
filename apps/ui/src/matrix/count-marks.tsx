import type { InstanceOverview } from '../api/schemas.ts'
import { StatusMark } from '../design/status-mark.tsx'
import { changesetLook } from '../design/status.ts'
import classes from './count-marks.module.css'
import type { ChangesetState } from './matrix-data.ts'

type Counts = InstanceOverview['counts']

/** States in the order in which they matter, with the name of their count. */
export const COUNTED_STATES: readonly { state: ChangesetState; count: Exclude<keyof Counts, 'total'> }[] = [
  { state: 'failed', count: 'failed' },
  { state: 'changed', count: 'changed' },
  { state: 'pending', count: 'pending' },
  { state: 'deployed', count: 'deployed' },
  { state: 'rolled-back', count: 'rolledBack' },
  { state: 'unknown', count: 'unknown' },
  { state: 'skipped', count: 'skipped' },
]

/** Counts of several instances together. */
export function sumCounts(overview: readonly InstanceOverview[]): Counts {
  const sum: Counts = {
    total: 0,
    deployed: 0,
    pending: 0,
    changed: 0,
    failed: 0,
    unknown: 0,
    skipped: 0,
    rolledBack: 0,
  }
  for (const { counts } of overview) {
    for (const { count } of COUNTED_STATES) sum[count] += counts[count]
    sum.total += counts.total
  }
  return sum
}

/** "2 failed, 4 pending, 312 deployed" as marks and numbers; states that nothing is in are left out. */
export function CountMarks({ counts }: { counts: Counts }) {
  const shown = COUNTED_STATES.filter(({ count }) => counts[count] > 0)
  if (shown.length === 0) return <span className={classes.none}>–</span>
  return (
    <span className={classes.marks}>
      {shown.map(({ state, count }) => (
        <span key={state} title={`${counts[count].toLocaleString()} ${changesetLook(state).label.toLowerCase()}`}>
          <StatusMark look={changesetLook(state)} size={16} />
          {counts[count].toLocaleString()}
        </span>
      ))}
    </span>
  )
}

/** "312 deployed, 4 pending, 1 changed since" in words. */
export function countWords(counts: Counts): string {
  const order = ['deployed', 'pending', 'changed', 'failed', 'rolled-back', 'unknown', 'skipped']
  const words = COUNTED_STATES.toSorted((left, right) => order.indexOf(left.state) - order.indexOf(right.state))
    .filter(({ count, state }) => counts[count] > 0 || state === 'pending')
    .map(({ state, count }) => `${counts[count].toLocaleString()} ${changesetLook(state).label.toLowerCase()}`)
  return words.join(', ')
}
