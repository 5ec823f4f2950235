import type { CSSProperties } from 'react'
import { StatusMark } from '../design/status-mark.tsx'
import { changesetLook } from '../design/status.ts'
import { dateText } from '../design/time.tsx'
import type { ChangesetKey, MatrixCell, MatrixColumn, MatrixRow } from './matrix-data.ts'
import classes from './matrix.module.css'
import type { Place } from './move-in-grid.ts'

/** What tells a row apart from all others. */
export function rowKeyOf(row: MatrixRow): ChangesetKey {
  return { file: row.fileName, author: row.author, id: row.changeSet }
}

export function cellOf(row: MatrixRow | undefined, column: MatrixColumn | undefined): MatrixCell | undefined {
  return row?.instances.find(({ instance }) => instance === column?.identifier)
}

/** What a cell says, in lines. */
export function cellWords(row: MatrixRow, column: MatrixColumn): string[] {
  const cell = cellOf(row, column)
  if (cell === undefined) return [`${row.changeSet} on ${column.name}`, 'Nobody has looked at this database yet']
  const look = changesetLook(cell.state)
  const isInHistory = cell.orderExecuted !== undefined
  return [
    `${row.changeSet} on ${column.name}`,
    `${look.label}. ${look.hint}.`,
    ...(cell.tag === undefined ? [] : [`Tag ${cell.tag}`]),
    ...(cell.error === undefined ? [] : [firstLine(cell.error)]),
    `${isInHistory ? 'Ran' : 'Seen'} ${dateText(cell.updated)}`,
  ]
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? ''
  return line.length > 160 ? `${line.slice(0, 159)}…` : line
}

interface MatrixCellViewProps {
  row: MatrixRow | undefined
  column: MatrixColumn | undefined
  place: Place
  isActive: boolean
  isOpened: boolean
  style: CSSProperties
}

/** One changeset in one database. */
export function MatrixCellView({ row, column, place, isActive, isOpened, style }: MatrixCellViewProps) {
  const cell = cellOf(row, column)
  const label =
    row === undefined || column === undefined ? 'Loading' : cellWords(row, column).join('. ').replaceAll('..', '.')
  return (
    <div
      role="gridcell"
      aria-colindex={place.column + 2}
      aria-label={label}
      aria-selected={isOpened}
      tabIndex={isActive ? 0 : -1}
      data-row={place.row}
      data-column={place.column}
      className={classes.cell}
      style={style}
    >
      {row === undefined ? (
        <span className={classes.comingMark} />
      ) : cell === undefined ? (
        <span className={classes.nothing} aria-hidden>
          ·
        </span>
      ) : (
        <>
          <StatusMark look={changesetLook(cell.state)} isLabelled />
          {cell.tag === undefined ? null : <span className={classes.tag}>{cell.tag}</span>}
        </>
      )}
    </div>
  )
}
