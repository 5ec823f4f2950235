import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconCheck,
  IconClock,
  IconLoader2,
  IconMinus,
  IconPlayerSkipForward,
  IconPlayerStop,
  IconQuestionMark,
  IconX,
} from '@tabler/icons-react'
import classes from './status-mark.module.css'
import type { StatusLook, StatusShape } from './status.ts'

const ICONS: Record<StatusShape, typeof IconCheck> = {
  check: IconCheck,
  cross: IconX,
  spinner: IconLoader2,
  clock: IconClock,
  dash: IconMinus,
  skip: IconPlayerSkipForward,
  stop: IconPlayerStop,
  question: IconQuestionMark,
  warning: IconAlertTriangle,
  back: IconArrowBackUp,
}

/** Round mark of a status. Says the label to a screen reader unless a visible label stands beside it. */
export function StatusMark({
  look,
  size = 18,
  isLabelled = false,
}: {
  look: StatusLook
  size?: number
  isLabelled?: boolean
}) {
  const Icon = ICONS[look.shape]
  return (
    <span
      className={classes.mark}
      data-tone={look.tone}
      data-shape={look.shape}
      style={{ width: size, height: size }}
      title={isLabelled ? undefined : look.label}
      {...(isLabelled ? { 'aria-hidden': true } : { role: 'img', 'aria-label': look.label })}
    >
      <Icon size={Math.round(size * 0.68)} stroke={2.4} aria-hidden />
    </span>
  )
}

/** Status as mark and word. */
export function StatusBadge({ look, note }: { look: StatusLook; note?: string }) {
  return (
    <span className={classes.badge} data-tone={look.tone}>
      <StatusMark look={look} size={16} isLabelled />
      <span>{look.label}</span>
      {note === undefined ? null : <span className={classes.note}>{note}</span>}
    </span>
  )
}
