import { memo } from 'react'
import { StatusMark } from '../design/status-mark.tsx'
import { changesetLook } from '../design/status.ts'
import { dateText } from '../design/time.tsx'
import type { ChangesetKey, MatrixCell, MatrixColumn, MatrixRow } from './matrix-data.ts'
import classes from './matrix.module.css'

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
  rowIndex: number
  columnIndex: number
  isActive: boolean
  isOpened: boolean
  /** px */
  left: number
  /** px */
  width: number
}

/** One changeset in one database. Drawn again only where something of it changed: hundreds of them move with a scroll. */
export const MatrixCellView = memo(function MatrixCellView(props: MatrixCellViewProps) {
  const { row, column, rowIndex, columnIndex, isActive, isOpened, left, width } = props
  const cell = cellOf(row, column)
  const look = cell === undefined ? undefined : changesetLook(cell.state)
  return (
    <div
      role="gridcell"
      aria-colindex={columnIndex + 2}
      aria-label={row === undefined ? 'Loading' : shortWords(row, column, cell)}
      aria-selected={isOpened}
      tabIndex={isActive ? 0 : -1}
      data-row={rowIndex}
      data-column={columnIndex}
      className={classes.cell}
      style={{ left, width }}
    >
      {row === undefined ? (
        <span className={classes.comingMark} />
      ) : look === undefined ? (
        <span className={classes.nothing} aria-hidden>
          ·
        </span>
      ) : (
        <>
          <StatusMark look={look} isLabelled />
          {cell?.tag === undefined ? null : <span className={classes.tag}>{cell.tag}</span>}
        </>
      )}
    </div>
  )
})

/** Name of a cell, to a screen reader; its tip says more. */
function shortWords(row: MatrixRow, column: MatrixColumn | undefined, cell: MatrixCell | undefined): string {
  const state = cell === undefined ? 'not looked at' : changesetLook(cell.state).label.toLowerCase()
  return `${row.changeSet} on ${column?.name ?? ''}: ${state}${cell?.tag === undefined ? '' : `, tag ${cell.tag}`}`
}
