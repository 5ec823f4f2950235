import type { SourceText } from '../model/source-text.ts'

/** A nested `${a${b}}` deeper than this, or a value that leads to itself, is left as it is. */
const MAX_DEPTH = 32
/** References replaced for one text; beyond it values that double each other would fill the memory. */
const MAX_REPLACED = 10_000

/**
 * The `${name}` properties of a changelog: the first definition of a name wins, names are case-insensitive, values are
 * expanded again, an unknown name is left as it is. Values given from outside come before all others.
 */
export class Properties {
  readonly #global = new Map<string, string>()
  readonly #ofFile = new Map<string, Map<string, string>>()
  #replaced = 0

  constructor(given: Readonly<Record<string, string>> = {}) {
    for (const [name, value] of Object.entries(given)) this.#global.set(name.toLowerCase(), value)
  }

  /** Defines a property for all later files, or with `file` for that file and those it includes. */
  define(name: string, value: string, file?: string): void {
    const key = name.toLowerCase()
    const names = file === undefined ? this.#global : (this.#ofFile.get(file) ?? new Map<string, string>())
    if (file !== undefined) this.#ofFile.set(file, names)
    if (!names.has(key)) names.set(key, value)
  }

  /** @param files the file that uses the name and, nearest first, those that include it. */
  value(name: string, files: readonly string[]): string | undefined {
    const key = name.toLowerCase()
    const given = this.#global.get(key)
    if (given !== undefined) return given
    for (const file of files) {
      const local = this.#ofFile.get(file)?.get(key)
      if (local !== undefined) return local
    }
    return undefined
  }

  /** Replaces every known `${name}` of a text. */
  expand(text: string, files: readonly string[]): string {
    this.#replaced = 0
    return text.includes('${') ? this.#expand(text, files, 0) : text
  }

  /** As {@link expand}, keeping the places of everything that is not replaced. */
  expandSource(source: SourceText, files: readonly string[]): SourceText {
    if (!source.text.includes('${')) return source
    this.#replaced = 0
    const edits: { start: number; end: number; text: string }[] = []
    for (const { start, end } of references(source.text)) {
      const before = source.text.slice(start, end)
      const after = this.#expand(before, files, 0)
      if (after !== before) edits.push({ start, end, text: after })
    }
    return source.replace(edits)
  }

  #expand(text: string, files: readonly string[], depth: number): string {
    if (depth >= MAX_DEPTH || this.#replaced > MAX_REPLACED) return text
    let result = ''
    let done = 0
    for (const { start, end } of references(text)) {
      const name = this.#expand(text.slice(start + 2, end - 1), files, depth + 1)
      const value = this.value(name.trim(), files)
      this.#replaced += 1
      result += text.slice(done, start)
      result += value === undefined ? `\${${name}}` : this.#expand(value, files, depth + 1)
      done = end
    }
    return result + text.slice(done)
  }
}

/** The outermost `${…}` of a text, in order. An unclosed one is not a reference. */
function references(text: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = []
  let from = 0
  for (;;) {
    const start = text.indexOf('${', from)
    if (start === -1) return found
    let depth = 1
    let at = start + 2
    while (at < text.length && depth > 0) {
      if (text.startsWith('${', at)) {
        depth += 1
        at += 1
      } else if (text[at] === '}') depth -= 1
      at += 1
    }
    if (depth > 0) from = start + 2
    else {
      found.push({ start, end: at })
      from = at
    }
  }
}
