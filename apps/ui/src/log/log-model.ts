import type { LogLine } from '@sluice/contracts/logs'

/** Lines of one page; what a request reads at once. */
export const PAGE_LINES = 500
/** Pages that stay in memory, 20,000 lines: a log of a million lines costs no more than one of twenty thousand. */
const MAX_PAGES = 40

/**
 * The lines of a log that are at hand. A log is read by pages around what is looked at; live lines are added at its
 * end. It knows how long the log is without having it.
 */
export class LogModel {
  readonly #pages = new Map<number, LogLine[]>()
  readonly #listeners = new Set<() => void>()
  #total = 0
  #version = 0
  #isComplete = false

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Rises with every change. */
  readonly version = (): number => this.#version

  /** Lines that the log has so far, at hand or not. */
  get total(): number {
    return this.#total
  }

  /** Whether the log has ended. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** The line `seq`, from 1; undefined where it is not at hand. */
  line(seq: number): LogLine | undefined {
    const page = this.#pages.get(pageOf(seq))
    return page?.[(seq - 1) % PAGE_LINES]
  }

  /** First page, counted from 0, that has a line of `from`–`to` that is not at hand; undefined where all are. */
  missingPage(from: number, to: number): number | undefined {
    const last = pageOf(Math.min(to, this.#total))
    for (let page = pageOf(Math.max(1, from)); page <= last; page += 1) {
      const have = this.#pages.get(page)?.length ?? 0
      if (have < Math.min(PAGE_LINES, this.#total - page * PAGE_LINES)) return page
    }
    return undefined
  }

  /** Takes over a page that was read, and how long the log is by now. */
  setPage(page: number, lines: readonly LogLine[], total: number): void {
    const have = this.#pages.get(page)
    // Live lines may have come in the meantime: the longer page knows more.
    if (have === undefined || have.length < lines.length) this.#keep(page, [...lines])
    this.#total = Math.max(this.#total, total)
    this.#changed()
  }

  /** Adds live lines. One that is there is skipped; after a gap they only make the log longer, to be read when looked at. */
  append(lines: readonly LogLine[]): void {
    for (const line of lines) {
      if (line.seq <= this.#total && this.line(line.seq) !== undefined) continue
      const page = pageOf(line.seq)
      const index = (line.seq - 1) % PAGE_LINES
      const have = this.#pages.get(page) ?? []
      if (have.length === index) {
        have.push(line)
        this.#keep(page, have)
      }
      this.#total = Math.max(this.#total, line.seq)
    }
    if (lines.length > 0) this.#changed()
  }

  /** The log has ended at `total` lines. */
  complete(total: number): void {
    this.#total = Math.max(this.#total, total)
    this.#isComplete = true
    this.#changed()
  }

  #keep(page: number, lines: LogLine[]): void {
    this.#pages.delete(page)
    this.#pages.set(page, lines)
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= MAX_PAGES) return
      this.#pages.delete(oldest)
    }
  }

  #changed(): void {
    this.#version += 1
    for (const listener of this.#listeners) listener()
  }
}

/** Page, counted from 0, that holds the line `seq`. */
export function pageOf(seq: number): number {
  return Math.floor((seq - 1) / PAGE_LINES)
}
