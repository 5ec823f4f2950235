import type { LogLine } from '@sluice/contracts/logs'
import { memo } from 'react'
import { AnsiText, DRAWN_CHARACTERS } from './ansi-text.tsx'
import classes from './log-viewer.module.css'
import { ROW_PX } from './use-window.ts'

interface LogLineRowProps {
  seq: number
  /** Undefined: it is being read. */
  line: LogLine | undefined
  hasTime: boolean
  highlight: string
  isCurrent: boolean
  onLink: (seq: number) => void
  onWhole: (seq: number) => void
}

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

/** One line; its number links to it. */
export const LogLineRow = memo(function LogLineRow(props: LogLineRowProps) {
  const { seq, line, hasTime, highlight, isCurrent, onLink, onWhole } = props
  const text = line?.text ?? ''
  return (
    <div
      className={classes.line}
      data-level={line?.level}
      data-current={isCurrent ? true : undefined}
      style={{ height: ROW_PX }}
    >
      <a
        href={`#L${seq}`}
        className={classes.number}
        tabIndex={-1}
        aria-label={`Link to line ${seq}`}
        onClick={(event) => {
          event.preventDefault()
          onLink(seq)
        }}
      >
        {seq}
      </a>
      {hasTime && line !== undefined ? <time className={classes.time}>{clock.format(line.time)}</time> : null}
      <span className={classes.text}>
        <AnsiText text={text.slice(0, DRAWN_CHARACTERS)} highlight={highlight} />
        {text.length > DRAWN_CHARACTERS ? (
          <button type="button" className={classes.more} onClick={() => onWhole(seq)}>
            … {(text.length - DRAWN_CHARACTERS).toLocaleString()} more characters
          </button>
        ) : null}
      </span>
    </div>
  )
})
