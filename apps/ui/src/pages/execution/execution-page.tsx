import { ActionIcon, Splitter, Tooltip } from '@mantine/core'
import { type SplitterPaneSize, useLocalStorage } from '@mantine/hooks'
import { IconSitemap, IconSitemapOff } from '@tabler/icons-react'
import type { ExecutionDetail } from '@sluice/contracts/execution-graph'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type ReactNode, useCallback, useMemo } from 'react'
import type { StreamState } from '../../api/event-stream.ts'
import { executionQuery, useExecutionStream } from '../../api/executions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { Page } from '../../design/page.tsx'
import { FailedState, LoadingRows } from '../../design/states.tsx'
import { isFinal } from '../../design/status.ts'
import { LazyPipelineGraph } from '../../graph/lazy-pipeline-graph.tsx'
import { AbortButton, RerunButton } from './run-actions.tsx'
import classes from './execution-page.module.css'
import { FailurePanel } from './failure-panel.tsx'
import { NodePanel } from './node-panel.tsx'
import { RunHeading, RunFacts } from './run-header.tsx'
import { stepThatMatters, toStructure } from './run-structure.ts'
import { RunTree } from './run-tree.tsx'

const routeApi = getRouteApi('/signed-in/orgs/$org/projects/$project/executions/$executionId')
/** Names the separator between two panes to a screen reader. */
const TREE_HANDLE = { handle: { 'aria-label': 'Width of the list of steps' } }
const TREE_SIZES: SplitterPaneSize[] = ['250px', 100]
const GRAPH_SIZES: SplitterPaneSize[] = [38, 62]
const GRAPH_HANDLE = { handle: { 'aria-label': 'Height of the graph' } }

/** One run: what it does now, and everything about each of its steps. */
export function ExecutionPage() {
  const { executionId } = routeApi.useParams()
  const scope = useProject()
  const paths = usePaths()
  const { data, error, refetch } = useQuery(executionQuery(scope, executionId))
  const isOver = data !== undefined && isFinal(data.pipelineExecutionSummary.status)
  const stream = useExecutionStream(scope, executionId, data !== undefined && !isOver)
  const crumbs = [{ label: 'Executions', to: paths.executions }]
  if (data === undefined) {
    return (
      <Page title="Run" crumbs={crumbs}>
        {error === null ? <LoadingRows rows={9} /> : <FailedState error={error} onRetry={() => void refetch()} />}
      </Page>
    )
  }
  return <Run key={executionId} detail={data} stream={stream} />
}

function Run({ detail, stream }: { detail: ExecutionDetail; stream: StreamState }) {
  const { node: chosenId, tab } = routeApi.useSearch()
  const navigate = routeApi.useNavigate()
  const paths = usePaths()
  const [isGraphShown, showGraph] = useLocalStorage({
    key: 'sluice-run-graph',
    defaultValue: true,
    getInitialValueInEffect: false,
  })
  const stages = useMemo(() => toStructure(detail), [detail])
  const summary = detail.pipelineExecutionSummary
  const { nodeMap } = detail.executionGraph
  const automatic = stepThatMatters(stages)?.id
  const isChosen = chosenId !== undefined && nodeMap[chosenId] !== undefined
  const selectedId = isChosen ? chosenId : automatic
  const selected = selectedId === undefined ? undefined : nodeMap[selectedId]
  const select = useCallback(
    (id: string | undefined) =>
      void navigate({ search: (before) => ({ ...before, node: id }), hash: '', replace: true, resetScroll: false }),
    [navigate],
  )
  const isOver = isFinal(summary.status)
  const panel = (
    <div className={classes.panel}>
      {selected === undefined ? null : (
        <NodePanel
          key={selected.uuid}
          node={selected}
          stages={stages}
          graph={detail.executionGraph}
          tab={tab ?? 'logs'}
          onTab={(next) =>
            void navigate({
              search: (before) => ({ ...before, tab: next }),
              hash: '',
              replace: true,
              resetScroll: false,
            })
          }
          onSelect={select}
          onFollow={isChosen && !isOver && chosenId !== automatic ? () => select(undefined) : undefined}
        />
      )}
    </div>
  )
  return (
    <Page
      title={`${summary.name} #${summary.runSequence}`}
      heading={<RunHeading summary={summary} />}
      crumbs={[{ label: 'Executions', to: paths.executions }]}
      subtitle={<RunFacts summary={summary} stream={stream} />}
      layout="full"
      actions={
        <>
          <Tooltip label={isGraphShown ? 'Hide the graph' : 'Show the graph'}>
            <ActionIcon
              variant="default"
              size={30}
              aria-label="Show the graph"
              aria-pressed={isGraphShown}
              onClick={() => showGraph(!isGraphShown)}
            >
              {isGraphShown ? <IconSitemap size={16} /> : <IconSitemapOff size={16} />}
            </ActionIcon>
          </Tooltip>
          {isOver ? null : <AbortButton summary={summary} />}
          <RerunButton summary={summary} isPrimary={isOver} />
        </>
      }
    >
      <FailurePanel detail={detail} stages={stages} onSelect={select} />
      <RememberedSplit name="run-tree" initial={TREE_SIZES} attributes={TREE_HANDLE} className={classes.split}>
        <Splitter.Pane defaultSize="250px" min="150px" max="520px">
          <RunTree stages={stages} selectedId={selectedId} onSelect={select} />
        </Splitter.Pane>
        <Splitter.Pane defaultSize={100}>
          {isGraphShown ? (
            <RememberedSplit name="run-graph" initial={GRAPH_SIZES} orientation="vertical" attributes={GRAPH_HANDLE}>
              <Splitter.Pane defaultSize={38} min={15}>
                <LazyPipelineGraph
                  label="Graph of the run; arrow keys choose a step"
                  stages={stages}
                  selectedId={selectedId}
                  onSelect={select}
                />
              </Splitter.Pane>
              <Splitter.Pane defaultSize={62} min={25}>
                {panel}
              </Splitter.Pane>
            </RememberedSplit>
          ) : (
            panel
          )}
        </Splitter.Pane>
      </RememberedSplit>
    </Page>
  )
}

interface RememberedSplitProps {
  /** Under this name the sizes are kept in this browser. */
  name: string
  initial: SplitterPaneSize[]
  orientation?: 'horizontal' | 'vertical'
  attributes: { handle: Record<string, string> }
  className?: string
  children: ReactNode
}

function RememberedSplit({ name, initial, className, ...rest }: RememberedSplitProps) {
  const [sizes, setSizes] = useLocalStorage({
    key: `sluice-split-${name}`,
    defaultValue: initial,
    getInitialValueInEffect: false,
  })
  return (
    <Splitter
      {...rest}
      className={`${classes.splitter} ${className ?? ''}`}
      sizes={sizes.length === initial.length ? sizes : initial}
      onSizeChange={setSizes}
      lineSize={1}
      withHandle={false}
      shiftStep={10}
      step={2}
    />
  )
}
