import type { StreamState } from '../api/event-stream.ts'
import classes from './live-mark.module.css'

const WORDS: Record<StreamState, string> = {
  connecting: 'Connecting …',
  open: 'Live',
  lost: 'Connection lost, trying again …',
  ended: '',
}

/** Says whether what is shown is renewed by itself. `label` says more on hover. */
export function LiveMark({ state, label }: { state: StreamState; label?: string }) {
  if (state === 'ended') return null
  return (
    <span className={classes.mark} data-state={state} title={label} role="status">
      <span className={classes.dot} aria-hidden />
      {WORDS[state]}
    </span>
  )
}
