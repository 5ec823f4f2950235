import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml'

export type Path = readonly (string | number)[]

/** Place in the YAML text; both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Finds where a path of the parsed value stands in the text. */
export interface Positions {
  /** Position of the value, or of the nearest parent that is in the text. Undefined only for an empty document. */
  of(path: Path): Position | undefined
  /** Position of the key that ends the path, else like `of`. */
  ofKey(path: Path): Position | undefined
}

/** Positions of a parsed document. */
export function createPositions(document: Document.Parsed, lines: LineCounter): Positions {
  const at = (node: unknown): Position | undefined => {
    if (!isNode(node) || !node.range) return undefined
    const { line, col } = lines.linePos(node.range[0])
    return { line, column: col }
  }
  const find = (path: Path): { value: Position | undefined; key: Position | undefined } => {
    let node: Node | null = document.contents
    let value = at(node)
    let key = value
    for (const segment of path) {
      if (isAlias(node)) node = node.resolve(document) ?? null
      let next: unknown
      if (isMap(node)) {
        const pair: Pair | undefined = node.items.find((item) => keyOf(item) === String(segment))
        if (pair === undefined) break
        key = at(pair.key) ?? value
        next = pair.value
      } else if (isSeq(node) && typeof segment === 'number') {
        next = node.items[segment]
        key = at(next) ?? value
      } else break
      value = at(next) ?? key
      node = isNode(next) ? next : null
    }
    return { value, key }
  }
  return { of: (path) => find(path).value, ofKey: (path) => find(path).key }
}

function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined
}

/** `['pipeline', 'stages', 0, 'stage']` → `pipeline.stages[0].stage`. */
export function formatPath(path: Path): string {
  return path
    .map((segment, index) => (typeof segment === 'number' ? `[${segment}]` : index === 0 ? segment : `.${segment}`))
    .join('')
}

/** Inverse of {@link formatPath} for the paths it makes of identifiers and numbers. */
export function parsePath(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) =>
    index === undefined ? (name ?? '') : Number(index),
  )
}
