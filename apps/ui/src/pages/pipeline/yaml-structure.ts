import type { Problem } from '@sluice/contracts/errors'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml'
import type { StructureNode } from '../../graph/structure.ts'

export interface YamlStructure {
  stages: StructureNode[]
  /** First line of each node by its id, from 1. */
  lineOf: Readonly<Record<string, number>>
  /** Innermost node whose text holds the line; undefined above the stages. */
  nodeAt: (line: number) => string | undefined
}

interface Span {
  id: string
  from: number
  to: number
}

/**
 * What a pipeline's YAML describes so far. Text that is half written gives what can be made out of it: the picture stays
 * while somebody types. Node ids are places (`0.1.0`), so that typing a name moves nothing.
 */
export function structureOf(text: string, problems: readonly Problem[]): YamlStructure {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, keepSourceTokens: false, logLevel: 'silent' })
  const spans: Span[] = []
  const problemIn = (from: number, to: number): string | undefined =>
    problems.find(({ line }) => line !== undefined && line >= from && line <= to)?.message

  const nodesOf = (list: unknown, prefix: string): StructureNode[] =>
    isSeq(list) ? list.items.flatMap((item, index) => nodeOf(item, `${prefix}${index}`)) : []

  const nodeOf = (item: unknown, id: string): StructureNode[] => {
    if (!isMap(item)) return []
    for (const kind of ['stage', 'stepGroup', 'step'] as const) {
      const body = item.get(kind)
      if (!isMap(body)) continue
      const [from, to] = linesOf(item, lines)
      spans.push({ id, from, to })
      const children = childrenOf(kind, body, id)
      const problem = children.length === 0 ? problemIn(from, to) : undefined
      return [
        {
          id,
          kind: kind === 'stepGroup' ? 'group' : kind,
          name: textOf(body, 'name') ?? textOf(body, 'identifier') ?? 'Unnamed',
          type: kind === 'step' ? (textOf(body, 'type') ?? '') : '',
          children,
          ...(problem === undefined ? {} : { problem }),
        },
      ]
    }
    return []
  }

  const childrenOf = (kind: 'stage' | 'stepGroup' | 'step', body: YAMLMap, id: string): StructureNode[] => {
    if (kind === 'stage') return nodesOf(body.getIn(['spec', 'execution', 'steps']), `${id}.`)
    if (kind === 'stepGroup') return nodesOf(body.get('steps'), `${id}.`)
    return []
  }

  const stages = isMap(document.contents) ? nodesOf(document.contents.getIn(['pipeline', 'stages']), '') : []
  return {
    stages,
    lineOf: Object.fromEntries(spans.map(({ id, from }) => [id, from])),
    nodeAt: (line) =>
      spans
        .filter(({ from, to }) => line >= from && line <= to)
        // The longest id is the innermost.
        .toSorted((left, right) => right.id.length - left.id.length)[0]?.id,
  }
}

function linesOf(node: Node, lines: LineCounter): [number, number] {
  const [start = 0, end = start] = node.range ?? []
  return [lines.linePos(start).line, lines.linePos(Math.max(start, end - 1)).line]
}

function textOf(map: YAMLMap, key: string): string | undefined {
  const value = map.get(key, true)
  if (!isScalar(value)) return undefined
  const scalar: unknown = value.value
  if (typeof scalar === 'number') return String(scalar)
  return typeof scalar === 'string' && scalar !== '' ? scalar : undefined
}
