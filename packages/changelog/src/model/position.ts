/** A place in a source file. Lines and columns count from 1; columns count UTF-16 units. */
export interface Position {
  file: string
  line: number
  column: number
}

/** `db/a.sql:12:3`, as editors and terminals link it. */
export function formatPosition(at: Position): string {
  return `${at.file}:${at.line}:${at.column}`
}
