import type { LogLine } from '@sluice/contracts/logs'
import { describe, expect, test } from 'vitest'
import { LogModel, PAGE_LINES } from './log-model.ts'

function lines(from: number, to: number): LogLine[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    seq: from + index,
    time: 1_800_000_000_000,
    level: 'info',
    text: `line ${from + index}`,
  }))
}

describe('log model', () => {
  test('live lines follow each other, and one that comes twice is kept once', () => {
    const model = new LogModel()
    model.append(lines(1, 700))
    model.append(lines(650, 800))
    expect(model.total).toBe(800)
    expect(model.line(700)?.text).toBe('line 700')
    expect(model.missingPage(1, 800)).toBeUndefined()
  })

  test('lines after a gap make the log longer and leave what is missing to be read', () => {
    const model = new LogModel()
    model.append(lines(1, 10))
    model.append(lines(1_200, 1_201))
    expect(model.total).toBe(1_201)
    expect(model.line(1_200)).toBeUndefined()
    expect(model.missingPage(1, 20)).toBe(0)
    model.setPage(0, lines(1, PAGE_LINES), 1_201)
    expect(model.missingPage(1, PAGE_LINES)).toBeUndefined()
    expect(model.missingPage(1_190, 1_201)).toBe(2)
  })

  test('a page that was read late does not take back live lines that came after it', () => {
    const model = new LogModel()
    model.append(lines(1, 20))
    model.setPage(0, lines(1, 12), 12)
    expect(model.total).toBe(20)
    expect(model.line(20)?.text).toBe('line 20')
  })

  test('a million lines looked at one after the other keep a bounded number in memory', () => {
    const model = new LogModel()
    for (let page = 0; page < 2_000; page += 1) {
      model.setPage(page, lines(page * PAGE_LINES + 1, (page + 1) * PAGE_LINES), 1_000_000)
    }
    expect(model.total).toBe(1_000_000)
    expect(model.line(1_000_000)?.seq).toBe(1_000_000)
    const atHand = Array.from({ length: 2_000 }, (_, page) => model.line(page * PAGE_LINES + 1)).filter(Boolean)
    expect(atHand).toHaveLength(40)
    expect(model.missingPage(1, 10)).toBe(0)
  })
})
