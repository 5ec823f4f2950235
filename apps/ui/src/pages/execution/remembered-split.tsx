import { Splitter } from '@mantine/core'
import type { SplitterPaneSize } from '@mantine/hooks'
import { type ReactNode, useState } from 'react'
import classes from './remembered-split.module.css'

interface Side {
  size: SplitterPaneSize
  min?: SplitterPaneSize
  max?: SplitterPaneSize
}

interface RememberedSplitProps {
  /** Under this name the sizes are kept in this browser. */
  name: string
  /** What the separator changes, said to screen readers. */
  label: string
  orientation?: 'horizontal' | 'vertical'
  sides: readonly [Side, Side]
  children: readonly [ReactNode, ReactNode]
}

/** Two panes with a separator to drag, or to move by arrow keys; the next visit finds it where it was left. */
export function RememberedSplit({ name, label, orientation = 'horizontal', sides, children }: RememberedSplitProps) {
  const key = `sluice-split-${name}`
  // Read once: the splitter keeps the sizes from then on, and tells them to be written down only.
  const [kept] = useState(() => readSizes(key))
  const [first, second] = sides
  return (
    <Splitter
      className={classes.split}
      orientation={orientation}
      onSizeChange={(sizes) => writeSizes(key, sizes)}
      attributes={{ handle: { 'aria-label': label } }}
      lineSize={1}
      withHandle={false}
      shiftStep={10}
      step={2}
    >
      <Splitter.Pane defaultSize={kept?.[0] ?? first.size} min={first.min} max={first.max}>
        {children[0]}
      </Splitter.Pane>
      <Splitter.Pane defaultSize={kept?.[1] ?? second.size} min={second.min} max={second.max}>
        {children[1]}
      </Splitter.Pane>
    </Splitter>
  )
}

function isSize(value: unknown): value is SplitterPaneSize {
  return typeof value === 'number' || (typeof value === 'string' && /^[\d.]+(px|%|rem)$/.test(value))
}

function readSizes(key: string): [SplitterPaneSize, SplitterPaneSize] | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    if (!Array.isArray(kept)) return undefined
    const [first, second]: unknown[] = kept
    return isSize(first) && isSize(second) ? [first, second] : undefined
  } catch {
    // Storage is switched off, or holds something else: the first sizes are good ones.
    return undefined
  }
}

function writeSizes(key: string, sizes: readonly SplitterPaneSize[]): void {
  try {
    localStorage.setItem(key, JSON.stringify(sizes))
  } catch {
    // Storage is switched off or full: the next visit begins with the first sizes.
    return
  }
}
