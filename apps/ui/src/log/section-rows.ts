import type { LogSection } from '@sluice/contracts/logs'

/** What a row of the viewer shows. */
export type LogRow = { kind: 'line'; seq: number } | { kind: 'section'; section: LogSection; isFolded: boolean }

interface Block {
  /** First row of the block. */
  row: number
  rows: number
  /** Absent: lines of no section. */
  section?: LogSection
  firstSeq: number
}

/** Rows of a log, some of whose sections are folded: which row shows what, without a list of a million rows. */
export interface SectionRows {
  rowCount: number
  rowAt(row: number): LogRow | undefined
  /** Row that shows the line, or the head of the folded section that holds it. */
  rowOf(seq: number): number
  /** Section that holds the line. */
  sectionOf(seq: number): LogSection | undefined
}

/** `folded` holds the first seq of each folded section. Sections are in order and don't overlap. */
export function layOutSections(
  sections: readonly LogSection[],
  total: number,
  folded: ReadonlySet<number>,
): SectionRows {
  const blocks: Block[] = []
  let row = 0
  let seq = 1
  const plain = (until: number): void => {
    if (until < seq) return
    blocks.push({ row, rows: until - seq + 1, firstSeq: seq })
    row += until - seq + 1
    seq = until + 1
  }
  for (const section of sections) {
    if (section.firstSeq > total) break
    plain(section.firstSeq - 1)
    const lines = Math.min(section.lastSeq, total) - section.firstSeq + 1
    const rows = folded.has(section.firstSeq) ? 1 : lines + 1
    blocks.push({ row, rows, section, firstSeq: section.firstSeq })
    row += rows
    seq = section.firstSeq + lines
  }
  plain(total)

  const lastWhere = (isAtMost: (block: Block) => boolean): Block | undefined => {
    let low = 0
    let high = blocks.length
    while (low < high) {
      const middle = (low + high) >> 1
      const block = blocks[middle]
      if (block !== undefined && isAtMost(block)) low = middle + 1
      else high = middle
    }
    return blocks[low - 1]
  }
  const blockOf = (wanted: number) => lastWhere((block) => block.firstSeq <= wanted)
  return {
    rowCount: row,
    rowAt: (at) => {
      const block = lastWhere((candidate) => candidate.row <= at)
      if (block === undefined || at < 0 || at >= row) return undefined
      if (block.section === undefined) return { kind: 'line', seq: block.firstSeq + at - block.row }
      if (at === block.row) return { kind: 'section', section: block.section, isFolded: folded.has(block.firstSeq) }
      return { kind: 'line', seq: block.firstSeq + at - block.row - 1 }
    },
    rowOf: (wanted) => {
      const block = blockOf(wanted)
      if (block === undefined) return 0
      if (block.section === undefined) return block.row + wanted - block.firstSeq
      return folded.has(block.firstSeq) ? block.row : block.row + 1 + wanted - block.firstSeq
    },
    sectionOf: (wanted) => {
      const section = blockOf(wanted)?.section
      return section !== undefined && wanted <= section.lastSeq ? section : undefined
    },
  }
}
