/** A place in the grid. Row -1 is the header. */
export interface Place {
  row: number
  column: number
}

/** Rows that Page Up and Page Down go over. */
const PAGE_ROWS = 15

/**
 * Where a key leads in a grid, after the pattern of the ARIA grid: arrows by one, Home and End along the row, with
 * Control to the corners, Page Up and Page Down by a screenful.
 * @returns undefined for a key that means nothing here
 */
export function moveInGrid(
  from: Place,
  key: { key: string; ctrlKey: boolean },
  size: { rows: number; columns: number },
): Place | undefined {
  const last = { row: size.rows - 1, column: size.columns - 1 }
  const to = (row: number, column: number): Place => ({
    row: Math.max(-1, Math.min(last.row, row)),
    column: Math.max(0, Math.min(last.column, column)),
  })
  switch (key.key) {
    case 'ArrowUp':
      return to(from.row - 1, from.column)
    case 'ArrowDown':
      return to(from.row + 1, from.column)
    case 'ArrowLeft':
      return to(from.row, from.column - 1)
    case 'ArrowRight':
      return to(from.row, from.column + 1)
    case 'PageUp':
      return to(Math.max(0, from.row - PAGE_ROWS), from.column)
    case 'PageDown':
      return to(from.row + PAGE_ROWS, from.column)
    case 'Home':
      return to(key.ctrlKey ? 0 : from.row, 0)
    case 'End':
      return to(key.ctrlKey ? last.row : from.row, last.column)
    default:
      return undefined
  }
}
