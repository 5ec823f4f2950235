import type { LogSection } from '@sluice/contracts/logs'
import { describe, expect, test } from 'vitest'
import { layOutSections, type SectionRows } from './section-rows.ts'

const section = (unit: string, firstSeq: number, lastSeq: number): LogSection => ({
  unit,
  firstSeq,
  lastSeq,
  level: 'info',
})

function texts(rows: SectionRows): string[] {
  return Array.from({ length: rows.rowCount }, (_, index) => {
    const row = rows.rowAt(index)
    if (row === undefined) return 'nothing'
    return row.kind === 'line' ? String(row.seq) : `${row.isFolded ? '+' : '-'}${row.section.unit}`
  })
}

describe('rows of sections', () => {
  const sections = [section('Fetch', 2, 3), section('Apply', 5, 7)]

  test('every line has its row, and every section its head', () => {
    const rows = layOutSections(sections, 8, new Set())
    expect(texts(rows)).toEqual(['1', '-Fetch', '2', '3', '4', '-Apply', '5', '6', '7', '8'])
    for (let seq = 1; seq <= 8; seq += 1) expect(rows.rowAt(rows.rowOf(seq))).toEqual({ kind: 'line', seq })
  })

  test('a folded section is one row, which stands for its lines', () => {
    const rows = layOutSections(sections, 8, new Set([5]))
    expect(texts(rows)).toEqual(['1', '-Fetch', '2', '3', '4', '+Apply', '8'])
    expect(rows.rowOf(6)).toBe(5)
    expect(rows.sectionOf(6)?.unit).toBe('Apply')
    expect(rows.sectionOf(4)).toBeUndefined()
  })

  test('a section that is still growing ends where the log ends', () => {
    expect(texts(layOutSections([section('Fetch', 1, 99)], 2, new Set()))).toEqual(['-Fetch', '1', '2'])
    expect(layOutSections([], 1_000_000, new Set()).rowAt(999_999)).toEqual({ kind: 'line', seq: 1_000_000 })
    expect(layOutSections([], 0, new Set()).rowAt(0)).toBeUndefined()
  })
})
