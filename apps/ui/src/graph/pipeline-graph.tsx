import {
  Controls,
  Handle,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { IconAlertTriangle } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, memo, useCallback, useEffect, useMemo, useRef } from 'react'
import { FailedState, LoadingRows } from '../design/states.tsx'
import { StatusMark } from '../design/status-mark.tsx'
import { runLook } from '../design/status.ts'
import { Duration } from '../design/time.tsx'
import { layoutOf } from './layout.ts'
import classes from './pipeline-graph.module.css'
import { rowsOf, shapeOf, type StructureNode, typeName } from './structure.ts'
import { type FlowNode, toFlow } from './to-flow.ts'

export interface PipelineGraphProps {
  /** Said to screen readers. */
  label: string
  stages: readonly StructureNode[]
  selectedId?: string
  onSelect?: (id: string) => void
}

const NODE_TYPES = { 'run-stage': memo(Container), 'run-group': memo(Container), 'run-step': memo(Step) }
const MIN_ZOOM = 0.2
const FIT = { padding: 0.06, maxZoom: 1, minZoom: 0.55 }
const MOVE_MS = 200
/** Space that has to be left around the selected node before the graph moves. */
const MARGIN_PX = 24

/**
 * Picture of a pipeline or of a run: read only, derived from `stages` at each render. Nodes keep their places while only
 * statuses change. One stop for the Tab key; arrow keys choose the node before and after.
 */
export function PipelineGraph(props: PipelineGraphProps) {
  return (
    <ReactFlowProvider>
      <Graph {...props} />
    </ReactFlowProvider>
  )
}

function Graph({ label, stages, selectedId, onSelect }: PipelineGraphProps) {
  const shape = useMemo(() => shapeOf(stages), [stages])
  const { data: layout, error } = useQuery({
    queryKey: ['graph-layout', shape],
    queryFn: () => layoutOf(stages),
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  })
  const { nodes, edges } = useMemo(() => toFlow(stages, layout ?? {}, selectedId), [stages, layout, selectedId])
  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      const next = neighbour(stages, selectedId, event.key)
      if (next === undefined) return
      event.preventDefault()
      onSelect?.(next)
    },
    [stages, selectedId, onSelect],
  )
  if (error !== null) return <FailedState error={error} />
  if (layout === undefined) return <LoadingRows rows={4} />
  return (
    <div className={classes.graph} role="group" aria-label={label} tabIndex={0} onKeyDown={onKeyDown}>
      <ReactFlow<FlowNode>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        onNodeClick={(_event, node) => onSelect?.(node.id)}
        minZoom={MIN_ZOOM}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        onlyRenderVisibleElements
        disableKeyboardA11y
        zoomOnDoubleClick={false}
        preventScrolling={false}
        panOnScroll
        proOptions={{ hideAttribution: true }}
      >
        <KeepInSight id={selectedId} />
      </ReactFlow>
      {/* Beside the picture, so that no step is ever under the buttons. */}
      <Controls showInteractive={false} position="bottom-right" fitViewOptions={FIT} />
    </div>
  )
}

/** Shows the whole picture first, then moves it, as little as needed, when what is selected is outside of it. */
function KeepInSight({ id }: { id: string | undefined }) {
  const flow = useReactFlow()
  const width = useStore((state) => state.width)
  const height = useStore((state) => state.height)
  const hasFitted = useRef(false)
  useEffect(() => {
    if (width === 0 || height === 0) return
    let isOver = false
    const keep = async (): Promise<void> => {
      if (!hasFitted.current) hasFitted.current = await flow.fitView(FIT)
      const node = id === undefined ? undefined : flow.getInternalNode(id)
      if (isOver || node === undefined) return
      const { x, y, zoom } = flow.getViewport()
      const { x: left, y: top } = node.internals.positionAbsolute
      const shiftX = shift(left * zoom + x, (node.width ?? 0) * zoom, width)
      const shiftY = shift(top * zoom + y, (node.height ?? 0) * zoom, height)
      if (shiftX !== 0 || shiftY !== 0) {
        await flow.setViewport({ x: x + shiftX, y: y + shiftY, zoom }, { duration: MOVE_MS })
      }
    }
    void keep()
    return () => {
      isOver = true
    }
  }, [id, width, height, flow])
  return null
}

/** How far a span has to move to lie within `space`; its beginning counts where it is too long. */
function shift(from: number, length: number, space: number): number {
  if (from < MARGIN_PX || length > space - 2 * MARGIN_PX) return from < MARGIN_PX || from > space ? MARGIN_PX - from : 0
  return from + length > space - MARGIN_PX ? space - MARGIN_PX - from - length : 0
}

/** The node that an arrow key leads to: up and down one by one, left and right to the next stage. */
function neighbour(stages: readonly StructureNode[], selectedId: string | undefined, key: string): string | undefined {
  const rows = rowsOf(stages)
  const index = rows.findIndex(({ node }) => node.id === selectedId)
  if (key === 'ArrowDown') return rows[index + 1]?.node.id
  if (key === 'ArrowUp') return rows[index - 1]?.node.id
  if (key === 'ArrowRight') return rows.find(({ depth }, at) => at > index && depth === 0)?.node.id
  if (key === 'ArrowLeft') return rows.findLast(({ depth }, at) => at < index && depth === 0)?.node.id
  return undefined
}

function Step({ data: { item, isSelected } }: NodeProps<FlowNode>) {
  return (
    <div className={classes.step} data-selected={isSelected || undefined} data-tone={toneOf(item)}>
      <Ends position="vertical" />
      {item.run === undefined ? null : <StatusMark look={runLook(item.run.status)} size={20} />}
      <span className={classes.words}>
        <span className={classes.name}>{item.name}</span>
        <small>{typeName(item.type)}</small>
      </span>
      <Took item={item} />
      <Problem item={item} />
    </div>
  )
}

function Container({ data: { item, isSelected } }: NodeProps<FlowNode>) {
  return (
    <div
      className={item.kind === 'stage' ? classes.stage : classes.group}
      data-selected={isSelected || undefined}
      data-tone={toneOf(item)}
    >
      <Ends position={item.kind === 'stage' ? 'horizontal' : 'vertical'} />
      <div className={classes.head}>
        {item.run === undefined ? null : <StatusMark look={runLook(item.run.status)} size={16} />}
        <span className={classes.name}>{item.name}</span>
        <Took item={item} />
        <Problem item={item} />
      </div>
    </div>
  )
}

function Ends({ position }: { position: 'vertical' | 'horizontal' }) {
  const isVertical = position === 'vertical'
  return (
    <>
      <Handle type="target" position={isVertical ? Position.Top : Position.Left} className={classes.end} />
      <Handle type="source" position={isVertical ? Position.Bottom : Position.Right} className={classes.end} />
    </>
  )
}

function Took({ item: { run } }: { item: StructureNode }) {
  if (run === undefined || run.startedAt === null) return null
  return (
    <span className={classes.took}>
      <Duration startedAt={run.startedAt} endedAt={run.endedAt} />
    </span>
  )
}

function Problem({ item }: { item: StructureNode }) {
  if (item.problem === undefined) return null
  return (
    <span className={classes.problem} title={item.problem}>
      <IconAlertTriangle size={15} aria-label={item.problem} />
    </span>
  )
}

function toneOf({ run }: StructureNode): string | undefined {
  return run === undefined ? undefined : runLook(run.status).tone
}
