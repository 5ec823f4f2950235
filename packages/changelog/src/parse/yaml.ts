import { isAlias, isMap, isPair, isScalar, isSeq, parseDocument, type Document, type Scalar } from 'yaml'
import type { Problem } from '../error.ts'
import type { Position } from '../model/position.ts'
import { SourceText } from '../model/source-text.ts'
import type { MapEntry, Node } from './node.ts'
import { readPlainScalar } from './yaml-scalar.ts'

/** More nodes than any changelog file has; aliases of aliases would otherwise fill the memory. */
const MAX_NODES = 500_000
const MAX_DEPTH = 64

/**
 * Reads YAML (and JSON, which Liquibase reads with the same parser) into nodes with places.
 * @returns undefined after reporting every syntax problem.
 */
export function readYaml(source: SourceText, report: (problem: Problem) => void): Node | undefined {
  const document = parseDocument(source.text, {
    version: '1.1',
    schema: 'failsafe',
    merge: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  for (const error of document.errors) {
    report({
      code: 'INVALID_YAML',
      at: source.at(error.pos[0]),
      sentence: `this is not valid YAML: ${sentence(error.message)}`,
    })
  }
  if (document.errors.length > 0) return undefined
  try {
    return new NodeBuilder(document, source, report).build(document.contents, 0)
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error
    report({ code: 'TOO_LARGE', at: source.at(0), sentence: error.message })
    return undefined
  }
}

class TooLarge extends Error {}

class NodeBuilder {
  readonly #document: Document
  readonly #source: SourceText
  readonly #report: (problem: Problem) => void
  #nodes = 0

  constructor(document: Document, source: SourceText, report: (problem: Problem) => void) {
    this.#document = document
    this.#source = source
    this.#report = report
  }

  build(value: unknown, depth: number): Node {
    this.#nodes += 1
    if (this.#nodes > MAX_NODES)
      throw new TooLarge(`the file holds more than ${MAX_NODES} values once its aliases are followed. Split it`)
    if (depth > MAX_DEPTH) throw new TooLarge(`the file is nested deeper than ${MAX_DEPTH} levels`)
    if (isAlias(value)) return this.build(value.resolve(this.#document), depth + 1)
    const at = this.#at(value)
    if (isMap(value)) {
      // What is merged in stands before the map's own keys, which win.
      const merges = value.items.filter((pair) => isMergeKey(pair.key))
      const own = value.items.filter((pair) => !isMergeKey(pair.key))
      const entries = [...merges, ...own].flatMap((pair) => this.#entries(pair.key, pair.value, depth))
      return { kind: 'map', at, entries }
    }
    if (isSeq(value)) {
      return {
        kind: 'list',
        at,
        items: value.items.map((item) => (isPair(item) ? this.#pairAsMap(item, depth) : this.build(item, depth + 1))),
      }
    }
    if (isScalar(value)) return { kind: 'scalar', at, text: this.#scalar(value, at) }
    return { kind: 'scalar', at, text: null }
  }

  #pairAsMap(pair: { key: unknown; value: unknown }, depth: number): Node {
    return { kind: 'map', at: this.#at(pair.key), entries: this.#entries(pair.key, pair.value, depth) }
  }

  #entries(key: unknown, value: unknown, depth: number): MapEntry[] {
    const name = isScalar(key) ? scalarText(key.value) : ''
    if (isMergeKey(key)) {
      const merged = this.build(value, depth + 1)
      const maps = merged.kind === 'list' ? merged.items : [merged]
      return maps.flatMap((map) => (map.kind === 'map' ? map.entries : []))
    }
    return [{ key: name, keyAt: this.#at(key), value: this.build(value, depth + 1) }]
  }

  #at(value: unknown): Position {
    const range = isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value.range : undefined
    return this.#source.at(range?.[0] ?? 0)
  }

  #scalar(scalar: Scalar, at: Position): SourceText | null {
    const value = scalarText(scalar.value)
    const start = scalar.range?.[0] ?? 0
    if (scalar.type === 'PLAIN' || scalar.type === undefined || scalar.type === null) {
      const plain = readPlainScalar(value)
      if (plain.kind === 'null') return null
      if (plain.kind === 'timestamp') {
        this.#report({
          code: 'UNQUOTED_TIMESTAMP',
          at,
          sentence: `"${value}" is read as a point in time and its text depends on the machine. Put it in quotes`,
        })
        return this.#source.standIn(value, start)
      }
      if (plain.text !== value) return this.#source.standIn(plain.text, start)
    }
    return this.#placed(value, start, scalar.range?.[1] ?? start)
  }

  /** The value with the places of its lines, where they stand in the file as they are. */
  #placed(value: string, start: number, end: number): SourceText {
    const { text } = this.#source
    const pieces: SourceText[] = []
    let from = start
    for (const line of value.split(/(?<=\n)/)) {
      const content = line.replace(/\n$/, '')
      const found = content.trim() === '' ? -1 : text.indexOf(content, from)
      if (content.trim() !== '' && (found === -1 || found + content.length > end))
        return this.#source.standIn(value, start)
      if (found === -1) pieces.push(this.#source.standIn(line, from))
      else {
        from = found + content.length
        pieces.push(this.#source.slice(found, from))
        if (line.endsWith('\n')) pieces.push(this.#source.standIn('\n', from))
      }
    }
    return SourceText.join(pieces) ?? this.#source.standIn('', start)
  }
}

function sentence(message: string): string {
  return message.split('\n')[0]?.replace(/:$/, '') ?? message
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<'
}

/** The failsafe schema leaves every scalar a string. */
function scalarText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
