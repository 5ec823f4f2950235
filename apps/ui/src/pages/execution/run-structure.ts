import type { ExecutionDetail, ExecutionGraph, GraphNode } from '@sluice/contracts/execution-graph'
import { isFinal, runLook } from '../../design/status.ts'
import { stepsOf, type StructureNode } from '../../graph/structure.ts'

/** A run as stages, groups and steps, derived from the graph that the API tells. */
export function toStructure({ executionGraph }: ExecutionDetail): StructureNode[] {
  const { rootNodeId } = executionGraph
  return childrenOf(executionGraph, rootNodeId).map((node) => toNode(executionGraph, node, 'stage'))
}

/** Children of a node, in order: the first, and whoever follows it. */
function childrenOf({ nodeMap, nodeAdjacencyListMap }: ExecutionGraph, id: string): GraphNode[] {
  const children: GraphNode[] = []
  const seen = new Set<string>()
  const queue = [...(nodeAdjacencyListMap[id]?.children ?? [])]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const node = nodeMap[next]
    if (node === undefined || seen.has(next)) continue
    seen.add(next)
    children.push(node)
    queue.push(...(nodeAdjacencyListMap[next]?.nextIds ?? []))
  }
  return children
}

function toNode(graph: ExecutionGraph, node: GraphNode, kind: StructureNode['kind']): StructureNode {
  const children = childrenOf(graph, node.uuid).map((child) =>
    toNode(graph, child, child.stepType === 'STEP_GROUP' ? 'group' : 'step'),
  )
  return {
    id: node.uuid,
    kind,
    name: node.name,
    type: kind === 'step' ? node.stepType : '',
    children,
    run: { status: node.status, startedAt: node.startTs, endedAt: node.endTs },
  }
}

/** The step to show while nobody has chosen one: what failed first, else what goes on, else what ran last. */
export function stepThatMatters(stages: readonly StructureNode[]): StructureNode | undefined {
  const steps = stepsOf(stages)
  const isBegun = ({ run }: StructureNode): boolean => run !== undefined && run.startedAt !== null
  return (
    failedStep(stages) ??
    steps.find((step) => isBegun(step) && !isFinal(step.run?.status ?? '')) ??
    steps.findLast(isBegun) ??
    steps[0]
  )
}

/** The first step that failed. */
export function failedStep(stages: readonly StructureNode[]): StructureNode | undefined {
  return stepsOf(stages).find(({ run }) => run !== undefined && runLook(run.status).tone === 'failure')
}

/** Names from the stage down to the node: `Staging / Database / Apply`. */
export function pathTo(stages: readonly StructureNode[], id: string): StructureNode[] {
  for (const node of stages) {
    if (node.id === id) return [node]
    const inside = pathTo(node.children, id)
    if (inside.length > 0) return [node, ...inside]
  }
  return []
}

const STATEMENT_MARK = ' The statement: '

/** A failure's sentence apart from the statement that it quotes. */
export function splitFailure(message: string): { sentence: string; statement: string | undefined } {
  const at = message.indexOf(STATEMENT_MARK)
  if (at === -1) return { sentence: message, statement: undefined }
  return { sentence: message.slice(0, at), statement: message.slice(at + STATEMENT_MARK.length) }
}
