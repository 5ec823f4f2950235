import type { Position } from '../model/position.ts'
import type { SourceText } from '../model/source-text.ts'

/** The tree that every structured format is read into, each node with its place. */
export type Node =
  | { kind: 'scalar'; at: Position; /** null for an empty value */ text: SourceText | null }
  | { kind: 'map'; at: Position; entries: readonly MapEntry[] }
  | { kind: 'list'; at: Position; items: readonly Node[] }

export interface MapEntry {
  key: string
  keyAt: Position
  value: Node
}

/** The value of a key; the last one where a key is written twice, as Liquibase takes it. */
export function entry(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'map' ? node.entries.findLast((candidate) => candidate.key === key)?.value : undefined
}

/** The items of a list; one item for anything else that is there; none for nothing. */
export function items(node: Node | undefined): readonly Node[] {
  if (node === undefined || (node.kind === 'scalar' && node.text === null)) return []
  return node.kind === 'list' ? node.items : [node]
}
