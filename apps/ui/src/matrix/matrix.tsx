import { useDebouncedValue, useElementSize } from '@mantine/hooks'
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual'
import { type FocusEvent, type KeyboardEvent, type MouseEvent, useEffect, useMemo, useRef, useState } from 'react'
import type { SchemaAddress } from '../api/schemas.ts'
import { FailedState, FailureNote, LoadingRows } from '../design/states.tsx'
import { cellWords, MatrixCellView, rowKeyOf } from './matrix-cell.tsx'
import { type ChangesetKey, type MatrixFilter, ROWS_PER_PAGE, useMatrix } from './matrix-data.ts'
import { MatrixHeaderCell } from './matrix-header-cell.tsx'
import classes from './matrix.module.css'
import { CellTip, useCellTip } from './cell-tip.tsx'
import { moveInGrid, type Place } from './move-in-grid.ts'

const ROW_PX = 42
const HEADER_PX = 50
const COLUMN_PX = 148
const NAME_MIN_PX = 260
const NAME_MAX_PX = 560
/** A page that is only scrolled past is not asked for. */
const SETTLE_MS = 90

interface MatrixProps {
  address: SchemaAddress
  filter: MatrixFilter
  onOpen: (key: ChangesetKey, instance: string) => void
  /** What is being looked at beside the matrix. */
  opened?: { key: ChangesetKey; instance: string }
  /** Address of an instance's page. */
  instanceTo: (instance: string) => string
  /** Shown where no changeset matches. */
  empty: React.ReactNode
}

/**
 * Changesets × instances. Both directions are virtual and rows come by pages, so 5,000 × 50 scroll like 10 × 2. One tab
 * stop; arrow keys move, Enter opens.
 */
export function Matrix({ address, filter, onOpen, opened, instanceTo, empty }: MatrixProps) {
  const scroll = useRef<HTMLDivElement>(null)
  const { ref: frame, width } = useElementSize()
  const [active, setActive] = useState<Place>({ row: 0, column: 0 })
  const isMoving = useRef(false)
  const [pages, setPages] = useState<readonly number[]>([0])
  const [settled] = useDebouncedValue(pages, SETTLE_MS)
  const data = useMatrix(address, filter, settled)
  const { total, columns } = data
  const nameWidth = Math.max(NAME_MIN_PX, Math.min(NAME_MAX_PX, width - columns.length * COLUMN_PX))

  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
    scrollPaddingStart: HEADER_PX,
    // The cell that the tab key returns to stays, wherever the view is.
    rangeExtractor: (range) => withIndex(range, active.row),
    paddingStart: HEADER_PX,
  })
  const cells = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => COLUMN_PX,
    overscan: 3,
    scrollPaddingStart: nameWidth,
    rangeExtractor: (range) => withIndex(range, active.column),
    paddingStart: nameWidth,
  })
  useEffect(() => cells.measure(), [cells, nameWidth])
  const virtualRows = rows.getVirtualItems()
  const virtualCells = cells.getVirtualItems()

  const inView = useMemo(() => {
    const start = rows.range?.startIndex ?? 0
    const end = rows.range?.endIndex ?? 0
    const list = []
    for (let page = Math.floor(start / ROWS_PER_PAGE); page <= Math.floor(end / ROWS_PER_PAGE); page++) list.push(page)
    return list.join(',')
  }, [rows.range?.startIndex, rows.range?.endIndex])
  useEffect(() => setPages(inView.split(',').map(Number)), [inView])

  const filterKey = JSON.stringify(filter)
  useEffect(() => {
    scroll.current?.scrollTo({ top: 0 })
    setActive({ row: 0, column: 0 })
  }, [filterKey])

  useEffect(() => {
    if (!isMoving.current) return
    isMoving.current = false
    if (active.row >= 0) rows.scrollToIndex(active.row, { align: 'auto' })
    cells.scrollToIndex(active.column, { align: 'auto' })
    // The cell may come with the next frame only.
    const frameId = requestAnimationFrame(() => cellAt(scroll.current, active)?.focus({ preventScroll: true }))
    return () => cancelAnimationFrame(frameId)
  }, [active, rows, cells])

  const isOpen = opened !== undefined
  const wasOpen = useRef(isOpen)
  useEffect(() => {
    // Whoever closes what stands beside the matrix goes on where they were.
    if (wasOpen.current && !isOpen) cellAt(scroll.current, active)?.focus({ preventScroll: true })
    wasOpen.current = isOpen
  }, [isOpen, active])

  const open = ({ row, column }: Place): void => {
    const found = data.rowAt(row)
    const instance = columns[column]?.identifier
    if (found !== undefined && instance !== undefined) onOpen(rowKeyOf(found), instance)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = moveInGrid(active, event, { rows: total, columns: columns.length })
    if (to !== undefined) {
      event.preventDefault()
      isMoving.current = true
      setActive(to)
    } else if ((event.key === 'Enter' || event.key === ' ') && active.row >= 0) {
      event.preventDefault()
      open(active)
    }
  }
  const onClick = (event: MouseEvent): void => {
    const place = placeOf(event.target)
    if (place === undefined) return
    setActive(place)
    if (place.row >= 0) open(place)
  }
  const onFocus = (event: FocusEvent): void => {
    const place = placeOf(event.target)
    if (place !== undefined && (place.row !== active.row || place.column !== active.column)) setActive(place)
  }
  const tip = useCellTip((place) => {
    const row = data.rowAt(place.row)
    const column = columns[place.column]
    return row === undefined || column === undefined ? undefined : cellWords(row, column)
  })

  if (data.isLoading)
    return data.error === null ? (
      <LoadingRows rows={8} />
    ) : (
      <FailedState error={data.error} onRetry={() => void data.retry()} />
    )
  if (total === 0 || columns.length === 0) return <>{empty}</>
  return (
    <div className={classes.frame} ref={frame} data-stale={data.isStale ? true : undefined}>
      {data.error === null ? null : <FailureNote error={data.error} onRetry={() => void data.retry()} />}
      <div
        ref={scroll}
        className={classes.scroll}
        role="grid"
        aria-label="Changesets by instance"
        aria-rowcount={total + 1}
        aria-colcount={columns.length + 1}
        aria-readonly="true"
        onKeyDown={onKeyDown}
        onClick={onClick}
        onFocus={onFocus}
        {...tip.handlers}
      >
        <div
          role="presentation"
          className={classes.canvas}
          style={{ height: rows.getTotalSize(), width: cells.getTotalSize() }}
        >
          <div role="row" aria-rowindex={1} className={classes.head} style={{ height: HEADER_PX }}>
            <div role="columnheader" aria-colindex={1} className={classes.corner} style={{ width: nameWidth }}>
              Changeset
              <span>{total.toLocaleString()}</span>
            </div>
            {virtualCells.map(({ index, start, size }) => {
              const column = columns[index]
              return column === undefined ? null : (
                <MatrixHeaderCell
                  key={column.identifier}
                  column={column}
                  index={index}
                  overview={data.overview.find(({ instance }) => instance === column.identifier)}
                  to={instanceTo(column.identifier)}
                  isActive={active.row === -1 && active.column === index}
                  style={{ left: start, width: size }}
                />
              )
            })}
          </div>
          {virtualRows.map((item) => {
            const row = data.rowAt(item.index)
            return (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                className={classes.row}
                style={{ height: item.size, transform: `translateY(${item.start}px)` }}
              >
                <div role="rowheader" aria-colindex={1} className={classes.name} style={{ width: nameWidth }}>
                  {row === undefined ? (
                    <span className={classes.coming} />
                  ) : (
                    <>
                      <strong title={row.changeSet}>{row.changeSet}</strong>
                      <small title={`${row.author} · ${row.fileName}`}>
                        {row.author} · {row.fileName}
                      </small>
                    </>
                  )}
                </div>
                {virtualCells.map(({ index, start, size }) => (
                  <MatrixCellView
                    key={index}
                    row={row}
                    column={columns[index]}
                    rowIndex={item.index}
                    columnIndex={index}
                    isActive={active.row === item.index && active.column === index}
                    isOpened={
                      row !== undefined &&
                      opened !== undefined &&
                      opened.instance === columns[index]?.identifier &&
                      opened.key.id === row.changeSet &&
                      opened.key.file === row.fileName &&
                      opened.key.author === row.author
                    }
                    left={start}
                    width={size}
                  />
                ))}
              </div>
            )
          })}
        </div>
      </div>
      <CellTip tip={tip.tip} />
    </div>
  )
}

function withIndex(range: Range, index: number): number[] {
  const list = defaultRangeExtractor(range)
  if (index < 0 || index >= range.count || list.includes(index)) return list
  return [...list, index].toSorted((left, right) => left - right)
}

function cellAt(grid: HTMLElement | null, { row, column }: Place): HTMLElement | null {
  return grid?.querySelector<HTMLElement>(`[data-row="${row}"][data-column="${column}"]`) ?? null
}

/** Place of the cell that an event happened in. */
function placeOf(target: EventTarget): Place | undefined {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null
  if (cell === null) return undefined
  return { row: Number(cell.dataset['row']), column: Number(cell.dataset['column']) }
}
