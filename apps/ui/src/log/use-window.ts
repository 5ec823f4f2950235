import { type RefObject, useLayoutEffect, useState } from 'react'

/** Height of every row in px; rows don't wrap. */
export const ROW_PX = 20
/** Browsers stop drawing boxes somewhere above 17,000,000 px: a longer log is scrolled by proportion. */
const MAX_HEIGHT_PX = 15_000_000
/** Rows drawn above and below what is seen. */
const OVERSCAN_ROWS = 12

export interface RowWindow {
  /** Height of the box that is scrolled, px. */
  height: number
  first: number
  /** Excluded. */
  end: number
  /** Where the first row is drawn within the box, px. */
  offset: number
  /** Rows that fit. */
  visibleRows: number
  /** Where to scroll so that `row` is in the middle, px. */
  scrollTopOf(row: number): number
}

/** Which of `rowCount` rows are in sight of the scrolled element. */
export function useWindow(scroller: RefObject<HTMLElement | null>, rowCount: number): RowWindow {
  const [view, setView] = useState({ top: 0, height: 400 })
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    let frame = 0
    const read = (): void => {
      cancelAnimationFrame(frame)
      frame = requestAnimationFrame(() => {
        setView((now) =>
          now.top === element.scrollTop && now.height === element.clientHeight
            ? now
            : { top: element.scrollTop, height: element.clientHeight },
        )
      })
    }
    const observer = new ResizeObserver(read)
    observer.observe(element)
    element.addEventListener('scroll', read, { passive: true })
    read()
    return () => {
      cancelAnimationFrame(frame)
      observer.disconnect()
      element.removeEventListener('scroll', read)
    }
  }, [scroller])

  const full = rowCount * ROW_PX
  const height = Math.min(full, MAX_HEIGHT_PX)
  // 1 where the box is as high as its rows.
  const scale = height <= view.height ? 1 : (full - view.height) / (height - view.height)
  const top = Math.min(view.top, Math.max(0, height - view.height)) * scale
  const first = Math.max(0, Math.floor(top / ROW_PX) - OVERSCAN_ROWS)
  const end = Math.min(rowCount, Math.ceil((top + view.height) / ROW_PX) + OVERSCAN_ROWS)
  return {
    height,
    first,
    end,
    offset: Math.min(view.top, Math.max(0, height - view.height)) - (top - first * ROW_PX),
    visibleRows: Math.floor(view.height / ROW_PX),
    scrollTopOf: (row) => Math.max(0, (row * ROW_PX - view.height / 2) / scale),
  }
}
