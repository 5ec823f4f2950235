import type { ReactNode } from 'react'
import classes from './cell.module.css'

/** Two lines in a cell: what it is, and a smaller line below. */
export function TwoLines({ icon, first, second }: { icon?: ReactNode; first: ReactNode; second: ReactNode }) {
  const lines = (
    <span className={classes.two}>
      <span>{first}</span>
      <small>{second}</small>
    </span>
  )
  return icon === undefined ? (
    lines
  ) : (
    <span className={classes.withIcon}>
      {icon}
      {lines}
    </span>
  )
}

/** Text that may be too long for its cell: cut, and whole, or as `title` says, on hover. */
export function CutText({ text, title = text, isCode = false }: { text: string; title?: string; isCode?: boolean }) {
  return (
    <span className={isCode ? `${classes.cut} ${classes.mono}` : classes.cut} title={title}>
      {text}
    </span>
  )
}

/** What is beside the point but still read. */
export function Dim({ children }: { children: ReactNode }) {
  return <span className={classes.dim}>{children}</span>
}

/** Buttons at the end of a row. */
export function RowActions({ children }: { children: ReactNode }) {
  return <span className={classes.right}>{children}</span>
}
