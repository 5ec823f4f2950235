import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { JsonValue } from '@sluice/expressions'
import type { PipelineProblem } from './problem.ts'
import { createPositions, type Positions } from './positions.ts'

/** Largest YAML text in characters. */
export const MAX_YAML_LENGTH = 1_048_576
/** Most values in one document, and its deepest nesting: above them it is not written by or for people. */
const MAX_YAML_NODES = 50_000
const MAX_YAML_DEPTH = 64
/** Aliases may repeat this many values in all. The library counts; a bomb of aliases to aliases grows without bound. */
const MAX_ALIASES = 100

interface Fault {
  message: string
  /** Character of the text. */
  offset: number
}

export type ReadYaml =
  | { readonly ok: true; readonly value: JsonValue; readonly positions: Positions }
  | { readonly ok: false; readonly problems: readonly PipelineProblem[] }

/** Reads one YAML document as JSON with the positions of its values. Never throws for bad input. */
export function readYaml(text: string): ReadYaml {
  const refuse = (message: string): ReadYaml => ({ ok: false, problems: [{ message, path: '', line: 1, column: 1 }] })
  if (text.length > MAX_YAML_LENGTH)
    return refuse(`The YAML is longer than ${MAX_YAML_LENGTH} characters (1 MiB). Make it shorter.`)
  if (text.trim() === '') return refuse('The YAML is empty. It begins with "pipeline:".')
  if (countIndicators(text) > MAX_YAML_NODES)
    return refuse(`The YAML holds more than ${MAX_YAML_NODES} lists, objects and keys.`)
  const lines = new LineCounter()
  let document
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  } catch (error) {
    // The parser recurses once per level; text that gets here anyway is refused, not a crash.
    if (error instanceof RangeError) return refuse(`The YAML is nested more than ${MAX_YAML_DEPTH} deep.`)
    throw error
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    return {
      ok: false,
      problems: faults.slice(0, 100).map((fault) => {
        const { line, col } = lines.linePos(fault.pos[0])
        return {
          message: `This is not valid YAML: ${firstLine(fault.message)}.`,
          path: '',
          line: Math.max(1, line),
          column: Math.max(1, col),
        }
      }),
    }
  }
  const fault = inspect(document.contents, 0, { nodes: 0 })
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.offset)
    return {
      ok: false,
      problems: [{ message: fault.message, path: '', line: Math.max(1, line), column: Math.max(1, col) }],
    }
  }
  try {
    // Parsing seam: without custom tags the document holds JSON types only.
    const value: JsonValue = document.toJS({ maxAliasCount: MAX_ALIASES })
    return { ok: true, value, positions: createPositions(document, lines) }
  } catch (error) {
    if (error instanceof Error)
      return refuse(`The YAML uses aliases in a way that is refused: ${firstLine(error.message)}.`)
    throw error
  }
}

/** Counts what can open a collection or end a key: linear, while the parser takes seconds for half a million of them. */
function countIndicators(text: string): number {
  return text.match(/[[{]|[-?:]\s/g)?.length ?? 0
}

/** Bounds a document, and finds keys that are written twice (the library compares every key with every other). */
function inspect(node: unknown, depth: number, counter: { nodes: number }): Fault | undefined {
  counter.nodes += 1
  if (counter.nodes > MAX_YAML_NODES)
    return { message: `The YAML holds more than ${MAX_YAML_NODES} values.`, offset: 0 }
  if (depth > MAX_YAML_DEPTH) return { message: `The YAML is nested more than ${MAX_YAML_DEPTH} deep.`, offset: 0 }
  if (isMap(node)) {
    const keys = new Set<string>()
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : undefined
      const offset = isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0
      if (key === undefined) return { message: 'A key of the YAML is not text.', offset }
      if (keys.has(key))
        return { message: `The key "${key.slice(0, 200)}" is written twice here. Remove one of them.`, offset }
      keys.add(key)
      const fault = inspect(pair.value, depth + 1, counter)
      if (fault !== undefined) return fault
    }
  }
  if (isSeq(node)) {
    for (const item of node.items) {
      const fault = inspect(item, depth + 1, counter)
      if (fault !== undefined) return fault
    }
  }
  return undefined
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[.:]\s*$/, '')
}
