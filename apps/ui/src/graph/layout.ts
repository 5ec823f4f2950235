import ELK, { type ElkNode } from 'elkjs/lib/elk-api.js'
// The layout runs in a worker of its own: 300 steps take longer than a frame.
import workerUrl from 'elkjs/lib/elk-worker.min.js?url'
import { STEP_SIZE } from './size.ts'
import type { StructureNode } from './structure.ts'

/** Place of a node, relative to its parent, in pixels. */
export interface Box {
  x: number
  y: number
  width: number
  height: number
}
export type Layout = Readonly<Record<string, Box>>

const ROOT = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.padding': '[top=0,left=0,bottom=0,right=0]',
  'elk.layered.spacing.nodeNodeBetweenLayers': '40',
  'elk.alignment': 'TOP',
  'elk.layered.nodePlacement.strategy': 'SIMPLE',
}
const STAGE = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.padding': '[top=38,left=10,bottom=10,right=10]',
  'elk.layered.spacing.nodeNodeBetweenLayers': '14',
}
const GROUP = { ...STAGE, 'elk.padding': '[top=30,left=8,bottom=8,right=8]' }

const elk = new ELK({ workerUrl })

/** Places every node: stages from left to right, what is in them from top to bottom. */
export async function layoutOf(stages: readonly StructureNode[]): Promise<Layout> {
  const root = await elk.layout({ id: 'root', layoutOptions: ROOT, ...inside(stages) })
  const boxes: Record<string, Box> = {}
  const collect = (nodes: readonly ElkNode[]): void => {
    for (const { id, x = 0, y = 0, width = 0, height = 0, children = [] } of nodes) {
      boxes[id] = { x, y, width, height }
      collect(children)
    }
  }
  collect(root.children ?? [])
  return boxes
}

function inside(nodes: readonly StructureNode[]): Pick<ElkNode, 'children' | 'edges'> {
  return {
    children: nodes.map(toElk),
    edges: nodes.slice(1).map((node, index) => ({
      id: `to-${node.id}`,
      sources: [nodes[index]?.id ?? node.id],
      targets: [node.id],
    })),
  }
}

function toElk(node: StructureNode): ElkNode {
  if (node.kind === 'step' || node.children.length === 0) return { id: node.id, ...STEP_SIZE }
  return { id: node.id, layoutOptions: node.kind === 'stage' ? STAGE : GROUP, ...inside(node.children) }
}
