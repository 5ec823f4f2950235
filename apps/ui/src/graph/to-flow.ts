import type { Edge, Node } from '@xyflow/react'
import type { Layout } from './layout.ts'
import type { StructureNode } from './structure.ts'

export type FlowNode = Node<{ item: StructureNode; isSelected: boolean }, 'run-stage' | 'run-group' | 'run-step'>

/** The structure as the graph draws it. Pure: the same structure, layout and selection give the same picture. */
export function toFlow(
  stages: readonly StructureNode[],
  layout: Layout,
  selectedId: string | undefined,
): { nodes: FlowNode[]; edges: Edge[] } {
  const nodes: FlowNode[] = []
  const edges: Edge[] = []
  const walk = (items: readonly StructureNode[], parentId: string | undefined): void => {
    for (const [index, item] of items.entries()) {
      const box = layout[item.id]
      // Laid out a moment ago, changed since: the next layout has it.
      if (box === undefined) continue
      nodes.push({
        id: item.id,
        type: `run-${item.kind}`,
        parentId,
        position: { x: box.x, y: box.y },
        width: box.width,
        height: box.height,
        data: { item, isSelected: item.id === selectedId },
      })
      const before = items[index - 1]
      if (before !== undefined) {
        edges.push({
          id: `to-${item.id}`,
          source: before.id,
          target: item.id,
          type: 'straight',
          className: edgeClass(item),
        })
      }
      walk(item.children, item.id)
    }
  }
  walk(stages, undefined)
  return { nodes, edges }
}

function edgeClass({ run }: StructureNode): string {
  return run !== undefined && run.startedAt === null ? 'is-ahead' : 'is-passed'
}
