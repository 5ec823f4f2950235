import { Button, Tabs } from '@mantine/core'
import { IconCurrentLocation } from '@tabler/icons-react'
import type { ExecutionGraph, GraphNode } from '@sluice/contracts/execution-graph'
import type { ReactNode } from 'react'
import { StatusBadge } from '../../design/status-mark.tsx'
import { isFinal, runLook } from '../../design/status.ts'
import { Duration } from '../../design/time.tsx'
import { type StructureNode, typeName } from '../../graph/structure.ts'
import { LogViewer } from '../../log/log-viewer.tsx'
import { DelegateTab } from './delegate-tab.tsx'
import { GroupView } from './group-view.tsx'
import { InputTab } from './input-tab.tsx'
import classes from './node-panel.module.css'
import { NotYet } from './not-yet.tsx'
import { OutputTab } from './output-tab.tsx'
import { PlanTab } from './plan-tab.tsx'
import { pathTo } from './run-structure.ts'
import { type StepTab } from './search.ts'
import { databaseOf } from './step-facts.ts'
import { StepFailure } from './step-failure.tsx'
import { UnitStrip } from './unit-strip.tsx'

interface NodePanelProps {
  node: GraphNode
  stages: readonly StructureNode[]
  graph: ExecutionGraph
  tab: StepTab
  onTab: (tab: StepTab) => void
  onSelect: (id: string) => void
  /** Goes back to the step that runs; absent where that is the one shown. */
  onFollow: (() => void) | undefined
}

/** Everything about one node: what it does or did, and why it waits or failed. */
export function NodePanel({ node, stages, graph, tab, onTab, onSelect, onFollow }: NodePanelProps) {
  const path = pathTo(stages, node.uuid)
  const item = path.at(-1)
  return (
    <section className={classes.panel} aria-label={node.name}>
      <header className={classes.head}>
        <h2>
          {path.slice(0, -1).map(({ id, name }) => (
            <span key={id} className={classes.parent}>
              <button type="button" onClick={() => onSelect(id)}>
                {name}
              </button>
              <span aria-hidden>/</span>
            </span>
          ))}
          {node.name}
        </h2>
        <StatusBadge look={runLook(node.status)} />
        <span className={classes.dim}>
          {item?.kind === 'step' ? typeName(node.stepType) : item?.kind === 'stage' ? 'Stage' : 'Group'}
        </span>
        {node.startTs === null ? null : (
          <span className={classes.took}>
            <Duration startedAt={node.startTs} endedAt={node.endTs} />
          </span>
        )}
        {node.retryCount === 0 ? null : <span className={classes.dim}>attempt {node.retryCount + 1}</span>}
        <span className={classes.gap} />
        {onFollow === undefined ? null : (
          <Button variant="light" leftSection={<IconCurrentLocation size={14} />} onClick={onFollow}>
            Follow the run
          </Button>
        )}
      </header>
      <Waiting node={node} />
      {item?.kind === 'step' ? (
        <>
          <UnitStrip node={node} />
          <StepTabs node={node} graph={graph} tab={tab} onTab={onTab} />
        </>
      ) : (
        <GroupView node={node} items={item?.children ?? []} onSelect={onSelect} />
      )}
    </section>
  )
}

/** Why nothing moves, or why nothing ran. */
function Waiting({ node }: { node: GraphNode }) {
  const sentence =
    (isFinal(node.status) ? undefined : node.progressData?.message) ??
    node.skipInfo?.reason ??
    (node.nodeRunInfo?.evaluatedCondition === false
      ? `Its condition “${node.nodeRunInfo.whenCondition}” was not met.`
      : undefined)
  if (sentence === undefined) return null
  return (
    <div className={classes.waiting} role="status">
      {sentence}
    </div>
  )
}

function StepTabs({ node, graph, tab, onTab }: Pick<NodePanelProps, 'node' | 'graph' | 'tab' | 'onTab'>) {
  const isDatabaseStep = databaseOf(node) !== undefined
  const tabs: { id: StepTab; label: string; content: ReactNode; isFlush?: boolean }[] = [
    {
      id: 'logs',
      label: 'Logs',
      isFlush: true,
      content:
        node.startTs === null ? (
          <NotYet node={node} what="Its log" />
        ) : (
          <LogViewer logKey={node.logBaseKey} isLive={!isFinal(node.status)} />
        ),
    },
    { id: 'input', label: 'Input', content: <InputTab node={node} /> },
    {
      id: 'output',
      label: 'Output',
      content: (
        <>
          <StepFailure failure={node.failureInfo} />
          <OutputTab node={node} />
        </>
      ),
    },
    ...(isDatabaseStep ? [{ id: 'plan' as const, label: 'Plan', content: <PlanTab node={node} graph={graph} /> }] : []),
    { id: 'delegate', label: 'Delegate', content: <DelegateTab node={node} graph={graph} /> },
  ]
  const shown = tabs.find(({ id }) => id === tab) ?? tabs[0]
  return (
    <Tabs
      value={shown?.id ?? 'logs'}
      onChange={(value) => {
        const next = tabs.find(({ id }) => id === value)
        if (next !== undefined) onTab(next.id)
      }}
      className={classes.tabs}
    >
      <Tabs.List className={classes.tabList}>
        {tabs.map(({ id, label }) => (
          <Tabs.Tab key={id} value={id}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ id, content, isFlush }) => (
        <Tabs.Panel key={id} value={id} className={isFlush === true ? classes.flush : classes.body}>
          {content}
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}
