/**
 * What a pipeline is made of, of a run or of a file: stages, in them groups and steps, in the order in which they run.
 * Everything that draws or lists a pipeline reads this, whoever made it.
 */
export interface StructureNode {
  /** Unique in the structure; the same for the same thing as long as it is shown. */
  id: string
  kind: 'stage' | 'group' | 'step'
  name: string
  /** `DBSchemaApply`, `InitializePod`, …; empty for stages and groups. */
  type: string
  children: readonly StructureNode[]
  /** Absent where nothing runs. */
  run?: StructureRun
  /** A problem of the file, to mark the node with. */
  problem?: string
}

export interface StructureRun {
  status: string
  /** Epoch ms. */
  startedAt: number | null
  endedAt: number | null
}

/** Names of step types for people; a type of a newer server is shown as it is. */
const TYPE_NAMES: Record<string, string> = {
  InitializePod: 'Start the pod',
  DBSchemaApply: 'Apply schema',
  DBSchemaUpdateSQL: 'Preview SQL',
  DBSchemaRollback: 'Roll back',
  DBSchemaRollbackSQL: 'Preview rollback',
}

/** What a step's type is called. */
export function typeName(type: string): string {
  return TYPE_NAMES[type] ?? type
}

export interface StructureRow {
  node: StructureNode
  /** 0 for stages. */
  depth: number
  parentId: string | undefined
}

/** The structure as a list, parents before their children. */
export function rowsOf(stages: readonly StructureNode[]): StructureRow[] {
  const rows: StructureRow[] = []
  const walk = (nodes: readonly StructureNode[], depth: number, parentId: string | undefined): void => {
    for (const node of nodes) {
      rows.push({ node, depth, parentId })
      walk(node.children, depth + 1, node.id)
    }
  }
  walk(stages, 0, undefined)
  return rows
}

/** Steps in the order in which they run. */
export function stepsOf(stages: readonly StructureNode[]): StructureNode[] {
  return rowsOf(stages).flatMap(({ node }) => (node.kind === 'step' ? [node] : []))
}

/** Equal for structures that are drawn at the same places: a change of status or name moves nothing. */
export function shapeOf(stages: readonly StructureNode[]): string {
  return JSON.stringify(stages.map(shape))
}

function shape({ id, kind, children }: StructureNode): unknown {
  return children.length === 0 ? [id, kind] : [id, kind, children.map(shape)]
}
