import type { ReactNode } from 'react'
import classes from './drawer-section.module.css'

/** A part of a drawer, divided from the next by a line. */
export function DrawerSection({ title, children }: { title?: string; children: ReactNode }) {
  return (
    <section className={classes.section}>
      {title === undefined ? null : <h3>{title}</h3>}
      {children}
    </section>
  )
}
