import { writeFile } from 'node:fs/promises'

/** One line of the printed table. */
export interface Row {
  what: string
  /** With its unit; `not built yet` where there is nothing to measure. */
  measured: string
  target?: string
}

/** What one benchmark found. */
export interface Report {
  rows: Row[]
  /** The keys of the JSON; null: not built yet, or not measured. */
  figures: Record<string, number | string | null>
}

/** The rows as text in columns. */
export function toTable(rows: readonly Row[]): string {
  const cells = [{ what: 'what', measured: 'measured', target: 'target' }, ...rows]
  const width = (key: 'what' | 'measured'): number => Math.max(...cells.map((row) => row[key].length))
  const [what, measured] = [width('what'), width('measured')]
  return cells
    .map((row) => `  ${row.what.padEnd(what)}  ${row.measured.padStart(measured)}  ${row.target ?? ''}`.trimEnd())
    .join('\n')
}

/** Writes one JSON object: the machine's description and the figures. */
export async function writeReport(
  file: string,
  name: string,
  machine: Record<string, unknown>,
  report: Report,
): Promise<void> {
  await writeFile(file, `${JSON.stringify({ bench: name, machine, ...report.figures }, undefined, 2)}\n`)
}
