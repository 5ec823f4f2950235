import { Tooltip } from '@mantine/core'
import { useNow } from './use-now.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** "3 min. ago", with the whole date on hover. `at` in epoch ms. */
export function Ago({ at }: { at: number }) {
  const now = useNow(MINUTE / 4)
  return (
    <Tooltip label={dateAndTime.format(at)}>
      <time dateTime={new Date(at).toISOString()}>{agoText(at, now)}</time>
    </Tooltip>
  )
}

/** Words for how long ago `at` was; both in epoch ms. */
export function agoText(at: number, now: number): string {
  const past = now - at
  if (Math.abs(past) < 10_000) return 'just now'
  if (past < MINUTE) return relative.format(-Math.round(past / 1000), 'second')
  if (past < HOUR) return relative.format(-Math.round(past / MINUTE), 'minute')
  if (past < DAY) return relative.format(-Math.round(past / HOUR), 'hour')
  if (past < 30 * DAY) return relative.format(-Math.round(past / DAY), 'day')
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }).format(at)
}

/** How long something took, or has taken so far while `endedAt` is absent. Epoch ms. */
export function Duration({ startedAt, endedAt }: { startedAt: number; endedAt?: number | null }) {
  return endedAt === undefined || endedAt === null ? (
    <RunningDuration startedAt={startedAt} />
  ) : (
    <span>{durationText(endedAt - startedAt)}</span>
  )
}

function RunningDuration({ startedAt }: { startedAt: number }) {
  const now = useNow(1_000)
  const seconds = Math.max(0, Math.floor((now - startedAt) / 1000))
  return <span>{seconds < 60 ? `${seconds} s` : durationText(seconds * 1000)}</span>
}

/** "850 ms", "4.2 s", "3 min 20 s", "2 h 5 min". */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < MINUTE) return `${Math.round(ms / 1000)} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ${Math.floor((ms % MINUTE) / 1000)} s`
  return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`
}

/** Date and time in the reader's own zone. */
export function dateText(at: number): string {
  return dateAndTime.format(at)
}
