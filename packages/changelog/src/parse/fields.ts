import { formatPosition } from '../model/position.ts'
import type { SourceText } from '../model/source-text.ts'
import { entry, type Node } from './node.ts'
import { expand, type FileScope } from './scope.ts'

/** Text of a field after expansion; undefined when it is absent, empty or no scalar. */
export function textOf(scope: FileScope, node: Node | undefined, ...keys: readonly string[]): string | undefined {
  const source = sourceOf(node, ...keys)
  return source === undefined ? undefined : expand(scope, source.text)
}

/** The unexpanded text of a field with its place. */
export function sourceOf(node: Node | undefined, ...keys: readonly string[]): SourceText | undefined {
  for (const key of keys) {
    const value = entry(node, key)
    if (value?.kind === 'scalar' && value.text !== null) return value.text
  }
  return undefined
}

/** A switch: true, t, 1, yes, y, on in any case; every other text is false. */
export function flagOf(
  scope: FileScope,
  node: Node | undefined,
  otherwise: boolean,
  ...keys: readonly string[]
): boolean {
  const text = textOf(scope, node, ...keys)
  return text === undefined ? otherwise : /^(?:true|t|1|1\.0|yes|y|on)$/i.test(text.trim())
}

/** Text of a field that must be there; reports its absence. */
export function requiredText(scope: FileScope, node: Node, key: string, what: string): string | undefined {
  const text = textOf(scope, node, key)
  if (text !== undefined && text.trim() !== '') return text
  scope.reading.report({
    code: 'MISSING_FIELD',
    at: node.at,
    sentence: `${what} at ${formatPosition(node.at)} needs "${key}"`,
  })
  return undefined
}
