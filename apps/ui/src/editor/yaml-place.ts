/** One level of the way from the document's root to a place in it. */
export interface PlaceStep {
  /** Key of a mapping, or undefined for an item of a list. */
  key: string | undefined
  /** Scalars of the mapping that the step leads into, by key: what tells variants of a schema apart. */
  siblings: Readonly<Record<string, string>>
}

/** Where a position of a YAML text is. Half-written text has places, too. */
export interface YamlPlace {
  /** Way to the mapping or list that holds the place. */
  steps: readonly PlaceStep[]
  /** Key whose value the place is in; undefined where a key is being written. */
  key: string | undefined
  /** Column, from 0, at which the keys of the mapping stand. */
  indent: number
  /** What is written of the word at the place, and where it begins in the line. */
  word: string
  wordFrom: number
}

interface Line {
  number: number
  /** Column of the key, behind any dashes. */
  indent: number
  /** Columns of the dashes in front of it. */
  dashes: number[]
  key: string | undefined
  value: string
}

const LINE = /^(\s*)((?:-\s+|-$)*)(?:(["']?)([^\s"'#][^"'#]*?)\3\s*:(?:\s+(.*))?)?$/

function read(text: string, number: number): Line | undefined {
  const bare = text.replace(/\s+#.*$|^\s*#.*$/, '').trimEnd()
  if (bare === '') return undefined
  const match = LINE.exec(bare)
  const [, space = '', dash = '', , key, value = ''] = match ?? []
  const dashes = [...dash.matchAll(/-/g)].map(({ index }) => space.length + index)
  const indent = match === null ? text.length - text.trimStart().length : space.length + dash.length
  return { number, indent, dashes, key, value: value.replace(/^(["'])(.*)\1$/, '$2') }
}

/** Scalars of the mapping that the line belongs to. */
function siblingsOf(lines: readonly (Line | undefined)[], at: number, indent: number): Record<string, string> {
  const found: Record<string, string> = {}
  const add = (line: Line): void => {
    if (line.key !== undefined && line.indent === indent) found[line.key] = line.value
  }
  for (let index = at; index >= 0; index -= 1) {
    const line = lines[index]
    if (line === undefined) continue
    if (line.indent < indent) break
    add(line)
    // The first key of a list's item: what stands above belongs to the item before.
    if (line.indent === indent && line.dashes.length > 0) break
  }
  for (let index = at + 1; index < lines.length; index += 1) {
    const line = lines[index]
    if (line === undefined) continue
    if (line.indent < indent || (line.indent === indent && line.dashes.length > 0)) break
    if ((line.dashes[0] ?? line.indent) < indent) break
    add(line)
  }
  return found
}

/** @param column from 0 */
export function placeOf(text: string, lineNumber: number, column: number): YamlPlace {
  const rows = text.split('\n')
  const lines = rows.map(read)
  const row = rows[lineNumber - 1] ?? ''
  const before = row.slice(0, column)
  const colon = /^(\s*(?:-\s+)*)(["']?)([^\s"'#][^"'#]*?)\2\s*:\s/.exec(before)
  const lead = /^\s*(?:-\s+)*/.exec(before)?.[0] ?? ''
  const wordFrom = colon === null ? lead.length : colon[0].length
  const indent = lead.length
  const steps: PlaceStep[] = []
  let siblings = siblingsOf(lines, lineNumber - 1, indent)
  let dashes = [...lead.matchAll(/-/g)].map(({ index }) => index)
  let isItem = dashes.length > 0
  let at = dashes[0] ?? indent
  for (let index = lineNumber - 2; index >= 0; index -= 1) {
    const line = lines[index]
    if (line === undefined) continue
    if (line.indent === at && !isItem && line.dashes.length > 0) {
      // The first line of the item that holds us.
      isItem = true
      dashes = line.dashes
      at = line.dashes[0] ?? at
      continue
    }
    const holds = isItem ? (line.indent <= at && line.dashes.length === 0) || line.indent < at : line.indent < at
    if (!holds || line.key === undefined) continue
    if (isItem) {
      steps.unshift({ key: undefined, siblings })
      siblings = {}
      for (const _dash of dashes.slice(1)) steps.unshift({ key: undefined, siblings: {} })
    }
    steps.unshift({ key: line.key, siblings })
    siblings = siblingsOf(lines, index, line.indent)
    isItem = line.dashes.length > 0
    dashes = line.dashes
    at = isItem ? (line.dashes[0] ?? line.indent) : line.indent
    if (line.indent === 0) break
  }
  steps.unshift({ key: undefined, siblings })
  return {
    steps,
    key: colon?.[3],
    indent,
    word: before.slice(wordFrom),
    wordFrom,
  }
}
