import type { ExecutionGraph, GraphNode } from '@sluice/contracts/execution-graph'
import { isRecord } from '../../api/problem.ts'

/** Changeset that an apply ran, as its output tells. */
export interface AppliedChangeset {
  id: string
  author: string
  filePath: string
  status: string
  orderExecuted: number | undefined
  tag: string | undefined
}

/** Outputs of a step by name; empty while there are none. */
export function outputsOf(node: GraphNode): Record<string, unknown> {
  return node.outcomes['output'] ?? {}
}

/** Text at `name`, undefined where it is something else or empty. */
export function textAt(from: Record<string, unknown> | null, name: string): string | undefined {
  const value = from?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Changesets that a step ran, in order; undefined where it tells of none (a preview, an apply that did not get there). */
export function changesetsOf(node: GraphNode): AppliedChangeset[] | undefined {
  const text = textAt(outputsOf(node), 'ChangeSets')
  if (text === undefined) return undefined
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    // Cut where it was too long: the counts beside it are still right.
    return undefined
  }
  if (!Array.isArray(list)) return undefined
  return list.filter(isRecord).map((entry) => ({
    id: textAt(entry, 'id') ?? '',
    author: textAt(entry, 'author') ?? '',
    filePath: textAt(entry, 'filePath') ?? '',
    status: textAt(entry, 'status') ?? '',
    orderExecuted: typeof entry['orderExecuted'] === 'number' ? entry['orderExecuted'] : undefined,
    tag: textAt(entry, 'tag'),
  }))
}

/** Database that a step works on; undefined for steps without one. */
export function databaseOf({ stepParameters }: GraphNode): { schema: string; instance: string } | undefined {
  const schema = textAt(stepParameters, 'dbSchema')
  const instance = textAt(stepParameters, 'dbInstance')
  return schema === undefined || instance === undefined ? undefined : { schema, instance }
}

/** Plan that a step made or ran: its own, else the one that a preview of this run made for the same database. */
export function planHashOf({ nodeMap }: ExecutionGraph, node: GraphNode): string | undefined {
  const own = textAt(outputsOf(node), 'planHash')
  const database = databaseOf(node)
  if (own !== undefined || database === undefined) return own
  const previews = Object.values(nodeMap).filter((other) => {
    const of = databaseOf(other)
    return (
      other.stepType === 'DBSchemaUpdateSQL' &&
      other.status === 'SUCCEEDED' &&
      of?.schema === database.schema &&
      of.instance === database.instance
    )
  })
  previews.sort((one, other) => (other.endTs ?? 0) - (one.endTs ?? 0))
  return previews[0] === undefined ? undefined : textAt(outputsOf(previews[0]), 'planHash')
}

/** Step that started the pod which a step runs in; itself where it is that one. */
export function podStepOf({ nodeMap }: ExecutionGraph, node: GraphNode): GraphNode | undefined {
  if (node.stepType === 'InitializePod') return node
  const group = node.baseFqn.slice(0, node.baseFqn.lastIndexOf('.steps.'))
  return Object.values(nodeMap).find(
    (other) => other.stepType === 'InitializePod' && other.baseFqn.startsWith(`${group}:`),
  )
}
