import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode, useEffect } from 'react'
import classes from './page.module.css'

export interface Crumb {
  label: string
  /** Address within the app; absent for the last. */
  to?: string
}

interface PageProps {
  title: string
  /** Shown in place of `title` where it holds more than text. */
  heading?: ReactNode
  crumbs?: readonly Crumb[]
  /** A line below the title. */
  subtitle?: ReactNode
  /** Buttons at the right of the title. */
  actions?: ReactNode
  /** Between title and content: tabs, filters. */
  toolbar?: ReactNode
  /** `full`: the content takes the height that is left and scrolls by itself. */
  layout?: 'flow' | 'full'
  children: ReactNode
}

/** Frame of every page: sets the window's title, draws crumbs, title and actions in the same place everywhere. */
export function Page({
  title,
  heading,
  crumbs = [],
  subtitle,
  actions,
  toolbar,
  layout = 'flow',
  children,
}: PageProps) {
  useEffect(() => {
    document.title = `${title} · Sluice`
  }, [title])
  return (
    <div className={classes.page} data-layout={layout}>
      <header className={classes.header}>
        <div className={classes.titles}>
          {crumbs.length === 0 ? null : (
            <nav aria-label="Breadcrumb" className={classes.crumbs}>
              {crumbs.map((crumb, index) => (
                <Fragment key={crumb.label}>
                  {crumb.to === undefined ? <span>{crumb.label}</span> : <Link to={crumb.to}>{crumb.label}</Link>}
                  {index === crumbs.length - 1 ? null : <span aria-hidden>/</span>}
                </Fragment>
              ))}
            </nav>
          )}
          <h1>{heading ?? title}</h1>
          {subtitle === undefined ? null : <div className={classes.subtitle}>{subtitle}</div>}
        </div>
        {actions === undefined ? null : <div className={classes.actions}>{actions}</div>}
      </header>
      {toolbar === undefined ? null : <div className={classes.toolbar}>{toolbar}</div>}
      <div className={classes.content}>{children}</div>
    </div>
  )
}

/** A framed part of a page. */
export function Panel({
  title,
  actions,
  children,
  isFlush = false,
}: {
  title?: ReactNode
  actions?: ReactNode
  children: ReactNode
  isFlush?: boolean
}) {
  return (
    <section className={classes.panel}>
      {title === undefined ? null : (
        <div className={classes.panelHead}>
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      <div className={isFlush ? classes.panelFlush : classes.panelBody}>{children}</div>
    </section>
  )
}

/** Names and values in two columns. */
export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={classes.facts}>
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
