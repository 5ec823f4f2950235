import type { Position } from './position.ts'

/** Text from `start` on came from `origin` on in the file; a fixed run stands for text that is not in the file at all. */
interface Run {
  start: number
  origin: number
  fixed: boolean
}

interface SourceFile {
  path: string
  /** Offset of each line's first character. */
  lineStarts: readonly number[]
}

/**
 * Text that remembers where each of its characters stood in a file, through cutting, joining and replacing.
 * It is how a database's "error at character 38" becomes a line of the changelog, after comments were
 * stripped and properties replaced. Immutable.
 */
export class SourceText {
  readonly text: string
  readonly #file: SourceFile
  readonly #runs: readonly Run[]

  private constructor(text: string, file: SourceFile, runs: readonly Run[]) {
    this.text = text
    this.#file = file
    this.#runs = runs
  }

  /** The whole of a file. Line ends become `\n`. */
  static ofFile(path: string, content: string): SourceText {
    const text = content.replace(/\r\n?/g, '\n')
    const lineStarts = [0]
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1)
    return new SourceText(text, { path, lineStarts }, [{ start: 0, origin: 0, fixed: false }])
  }

  /** Where the character at this offset of the text stood in the file. */
  at(offset: number): Position {
    const origin = this.#originOf(offset)
    const { lineStarts, path } = this.#file
    let low = 0
    let high = lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((lineStarts[middle] ?? 0) <= origin) low = middle
      else high = middle - 1
    }
    return { file: path, line: low + 1, column: origin - (lineStarts[low] ?? 0) + 1 }
  }

  slice(start: number, end: number = this.text.length): SourceText {
    const runs: Run[] = []
    this.#eachRun(start, end, (run) => runs.push({ ...run, start: run.start - start }))
    return new SourceText(this.text.slice(start, end), this.#file, runs)
  }

  /** Without the characters up to U+0020 at both ends, as Java trims. */
  trim(): SourceText {
    let start = 0
    let end = this.text.length
    while (start < end && this.text.charCodeAt(start) <= 0x20) start += 1
    while (end > start && this.text.charCodeAt(end - 1) <= 0x20) end -= 1
    return start === 0 && end === this.text.length ? this : this.slice(start, end)
  }

  /** Replaces ranges (in order, not overlapping) by texts that stand for the place they replace. */
  replace(edits: readonly { start: number; end: number; text: string }[]): SourceText {
    if (edits.length === 0) return this
    const pieces: SourceText[] = []
    let done = 0
    for (const edit of edits) {
      if (edit.start > done) pieces.push(this.slice(done, edit.start))
      if (edit.text !== '') pieces.push(this.#standIn(edit.text, edit.start))
      done = edit.end
    }
    if (done < this.text.length) pieces.push(this.slice(done))
    return SourceText.join(pieces) ?? this.slice(0, 0)
  }

  /** A text of its own that stands for one place of this text, e.g. the value of a one-line YAML scalar. */
  standIn(text: string, offset = 0): SourceText {
    return this.#standIn(text, offset)
  }

  /** This text and the next as one, when the next begins in the file exactly where this one ends; else undefined. */
  followedBy(next: SourceText): SourceText | undefined {
    const [run, more] = this.#runs
    const [nextRun, nextMore] = next.#runs
    if (run === undefined || nextRun === undefined || more !== undefined || nextMore !== undefined) return undefined
    if (run.fixed || nextRun.fixed || run.origin + this.text.length !== nextRun.origin) return undefined
    return new SourceText(this.text + next.text, this.#file, [run])
  }

  /** Pieces of one file, one after the other; undefined for none. */
  static join(pieces: readonly SourceText[]): SourceText | undefined {
    const [first] = pieces
    if (first === undefined) return undefined
    const runs: Run[] = []
    let length = 0
    for (const piece of pieces) {
      for (const run of piece.#runs) runs.push({ ...run, start: run.start + length })
      length += piece.text.length
    }
    return new SourceText(pieces.map((piece) => piece.text).join(''), first.#file, runs)
  }

  #standIn(text: string, offset: number): SourceText {
    return new SourceText(text, this.#file, [{ start: 0, origin: this.#originOf(offset), fixed: true }])
  }

  #originOf(offset: number): number {
    const run = this.#runs[this.#runIndex(offset)]
    if (run === undefined) return 0
    return run.fixed ? run.origin : run.origin + (offset - run.start)
  }

  #runIndex(offset: number): number {
    let low = 0
    let high = this.#runs.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#runs[middle]?.start ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  #eachRun(start: number, end: number, visit: (run: Run) => void): void {
    for (let index = this.#runIndex(start); index < this.#runs.length; index += 1) {
      const run = this.#runs[index]
      if (run === undefined || (run.start >= end && run.start > start)) return
      const skipped = Math.max(0, start - run.start)
      visit({
        start: Math.max(run.start, start),
        origin: run.fixed ? run.origin : run.origin + skipped,
        fixed: run.fixed,
      })
    }
  }
}
