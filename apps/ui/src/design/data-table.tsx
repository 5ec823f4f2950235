import { ActionIcon, Skeleton } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import type { KeyboardEvent, ReactNode } from 'react'
import classes from './data-table.module.css'
import { FailedState } from './states.tsx'

export interface Column<Row> {
  key: string
  header: ReactNode
  cell: (row: Row) => ReactNode
  /** CSS width; the widest columns go without. */
  width?: number | string
  align?: 'left' | 'right'
}

interface DataTableProps<Row> {
  /** Said to screen readers. */
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[] | undefined
  rowKey: (row: Row) => string
  /** Opens a row; a link in the first cell should lead to the same place. */
  onOpen?: (row: Row) => void
  isSelected?: (row: Row) => boolean
  error?: unknown
  onRetry?: () => void
  /** Shown where there are no rows. */
  empty: ReactNode
  paging?: Paging
  /** An older page is still shown while the next one loads. */
  isStale?: boolean
  /** Whether rows have a second line, as `TwoLines` has: all are as high then, also while they load. */
  isTwoLine?: boolean
}

/** Rows that stand in for those that load, where a page has not fewer. */
const LOADING_ROWS_MAX = 12

export interface Paging {
  /** From 0. */
  pageIndex: number
  pageSize: number
  total: number
  onPage: (pageIndex: number) => void
}

/** A list whose pages come from the server. Header and footer stay in place while rows come; arrow keys go by rows. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowKey, onOpen, isSelected, error, onRetry, empty, paging, isStale } = props
  const { isTwoLine = false } = props
  return (
    <div className={classes.frame}>
      <div className={classes.scroll} data-stale={isStale === true ? true : undefined}>
        <table className={classes.table} data-two-line={isTwoLine || undefined} aria-label={label}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.key} scope="col" style={{ width: column.width, textAlign: column.align }}>
                  {column.header}
                </th>
              ))}
            </tr>
          </thead>
          <tbody onKeyDown={moveByArrow}>
            {(rows ?? []).map((row) => (
              <tr
                key={rowKey(row)}
                data-openable={onOpen === undefined ? undefined : true}
                data-selected={isSelected?.(row) === true ? true : undefined}
                onClick={(event) => {
                  if (onOpen === undefined || (event.target as Element).closest('a,button,input,label') !== null) return
                  if (window.getSelection()?.isCollapsed === false) return
                  onOpen(row)
                }}
              >
                {columns.map((column) => (
                  <td key={column.key} style={{ textAlign: column.align }}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {rows === undefined && error === undefined ? (
          <ComingRows rows={Math.min(paging?.pageSize ?? 6, LOADING_ROWS_MAX)} isTwoLine={isTwoLine} />
        ) : null}
        {rows === undefined && error !== undefined && error !== null ? (
          <FailedState error={error} onRetry={onRetry} />
        ) : null}
        {rows?.length === 0 ? empty : null}
      </div>
      {paging === undefined || rows === undefined ? null : <Pager {...paging} />}
    </div>
  )
}

/** As high as the rows that come, so that what they push down is not pushed again. */
function ComingRows({ rows, isTwoLine }: { rows: number; isTwoLine: boolean }) {
  return (
    <div className={classes.coming} data-two-line={isTwoLine || undefined} aria-busy="true" role="status">
      <span className="s-visually-hidden">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row}>
          <Skeleton height={14} radius="sm" width={`${92 - ((row * 7) % 30)}%`} />
        </div>
      ))}
    </div>
  )
}

/** Arrow up and down go to the same control of the row above and below; Enter follows its link. */
function moveByArrow(event: KeyboardEvent<HTMLTableSectionElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  const { target } = event
  if (step === 0 || !(target instanceof HTMLElement) || target.closest('input,textarea,select') !== null) return
  const row = target.closest('tr')
  const rows = [...event.currentTarget.rows]
  const next = row === null ? undefined : rows[rows.indexOf(row) + step]
  const control = next?.querySelector<HTMLElement>('a[href],button')
  if (control === null || control === undefined) return
  event.preventDefault()
  control.focus()
}

function Pager({ pageIndex, pageSize, total, onPage }: Paging) {
  const pages = Math.max(1, Math.ceil(total / pageSize))
  const first = total === 0 ? 0 : pageIndex * pageSize + 1
  const last = Math.min(total, (pageIndex + 1) * pageSize)
  return (
    <div className={classes.pager}>
      <span aria-live="polite">
        {first.toLocaleString()}–{last.toLocaleString()} of {total.toLocaleString()}
      </span>
      <ActionIcon aria-label="Previous page" disabled={pageIndex === 0} onClick={() => onPage(pageIndex - 1)}>
        <IconChevronLeft size={16} />
      </ActionIcon>
      <ActionIcon aria-label="Next page" disabled={pageIndex >= pages - 1} onClick={() => onPage(pageIndex + 1)}>
        <IconChevronRight size={16} />
      </ActionIcon>
    </div>
  )
}
