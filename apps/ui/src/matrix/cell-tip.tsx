import { type FocusEvent, type MouseEvent, useEffect, useRef, useState } from 'react'
import classes from './matrix.module.css'
import type { Place } from './move-in-grid.ts'

const DELAY_MS = 220
const EDGE_PX = 12
const WIDTH_PX = 320

interface Tip {
  lines: readonly string[]
  left: number
  top: number
  isAbove: boolean
}

/** One tip for all cells: thousands of them need no component each. `wordsOf` says what a cell's tip holds. */
export function useCellTip(wordsOf: (place: Place) => readonly string[] | undefined) {
  const [tip, setTip] = useState<Tip>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const hide = (): void => {
    clearTimeout(timer.current)
    setTip(undefined)
  }
  const show = (target: EventTarget): void => {
    clearTimeout(timer.current)
    const cell = target instanceof Element ? target.closest<HTMLElement>('[role="gridcell"]') : null
    if (cell === null) {
      setTip(undefined)
      return
    }
    timer.current = setTimeout(() => {
      const place = { row: Number(cell.dataset['row']), column: Number(cell.dataset['column']) }
      const lines = wordsOf(place)
      const box = cell.getBoundingClientRect()
      const isAbove = box.bottom + 140 > window.innerHeight
      const left = Math.min(box.left, window.innerWidth - WIDTH_PX - EDGE_PX)
      setTip(lines === undefined ? undefined : { lines, left, top: isAbove ? box.top - 4 : box.bottom + 4, isAbove })
    }, DELAY_MS)
  }
  return {
    tip,
    handlers: {
      onMouseOver: (event: MouseEvent) => show(event.target),
      onMouseLeave: hide,
      onFocusCapture: (event: FocusEvent) => show(event.target),
      onBlur: hide,
      onScroll: hide,
    },
  }
}

/** The tip itself; a screen reader has the same words as the cell's name. */
export function CellTip({ tip }: { tip: Tip | undefined }) {
  if (tip === undefined) return null
  const [title, ...lines] = tip.lines
  return (
    <div
      className={classes.tip}
      aria-hidden
      data-above={tip.isAbove ? true : undefined}
      style={{ left: tip.left, top: tip.top, maxWidth: WIDTH_PX }}
    >
      <strong>{title}</strong>
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  )
}
