import { IconAlertTriangle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { CSSProperties } from 'react'
import type { InstanceOverview } from '../api/schemas.ts'
import { Ago } from '../design/time.tsx'
import type { MatrixColumn } from './matrix-data.ts'
import classes from './matrix.module.css'

interface MatrixHeaderCellProps {
  column: MatrixColumn
  index: number
  overview: InstanceOverview | undefined
  to: string
  isActive: boolean
  style: CSSProperties
}

/** An instance at the head of its column: when somebody last looked at its database, and whether that failed. */
export function MatrixHeaderCell({ column, index, overview, to, isActive, style }: MatrixHeaderCellProps) {
  return (
    <div role="columnheader" aria-colindex={index + 2} className={classes.headCell} style={style}>
      <Link to={to} tabIndex={isActive ? 0 : -1} data-row={-1} data-column={index} title={column.name}>
        {column.name}
      </Link>
      {overview?.lastFailure !== undefined ? (
        <span className={classes.lookFailed} title={overview.lastFailure.message}>
          <IconAlertTriangle size={12} aria-hidden /> Last look failed
          <span className="s-visually-hidden">: {overview.lastFailure.message}</span>
        </span>
      ) : overview?.lastRefreshedAt === undefined ? (
        <small>Never looked at</small>
      ) : (
        <small>
          <Ago at={overview.lastRefreshedAt} />
        </small>
      )}
    </div>
  )
}
