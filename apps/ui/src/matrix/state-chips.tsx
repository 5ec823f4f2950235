import type { InstanceOverview } from '../api/schemas.ts'
import { StatusMark } from '../design/status-mark.tsx'
import { changesetLook } from '../design/status.ts'
import { COUNTED_STATES } from './count-marks.tsx'
import type { ChangesetState } from './matrix-data.ts'
import classes from './state-chips.module.css'

interface StateChipsProps {
  counts: InstanceOverview['counts']
  /** Chosen ones; none: all are shown. */
  states: readonly ChangesetState[]
  onChange: (states: ChangesetState[]) => void
}

/** A switch per state with how many cells are in it. States that nothing is in are left out unless chosen. */
export function StateChips({ counts, states, onChange }: StateChipsProps) {
  const shown = COUNTED_STATES.filter(({ state, count }) => counts[count] > 0 || states.includes(state))
  return (
    <div role="group" aria-label="States" className={classes.chips}>
      {shown.map(({ state, count }) => {
        const isOn = states.includes(state)
        return (
          <button
            key={state}
            type="button"
            aria-pressed={isOn}
            title={changesetLook(state).hint}
            className={classes.chip}
            onClick={() => onChange(isOn ? states.filter((other) => other !== state) : [...states, state])}
          >
            <StatusMark look={changesetLook(state)} size={16} isLabelled />
            {changesetLook(state).label}
            <span>{counts[count].toLocaleString()}</span>
          </button>
        )
      })}
    </div>
  )
}
