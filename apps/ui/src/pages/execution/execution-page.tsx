import { ActionIcon, Tooltip } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { IconSitemap, IconSitemapOff } from '@tabler/icons-react'
import type { ExecutionDetail } from '@sluice/contracts/execution-graph'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
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
import { RememberedSplit } from './remembered-split.tsx'
import { RunHeading, RunFacts } from './run-header.tsx'
import { stepThatMatters, toStructure } from './run-structure.ts'
import { RunTree } from './run-tree.tsx'

const routeApi = getRouteApi('/signed-in/orgs/$org/projects/$project/executions/$executionId')
const TREE_SIDES = [{ size: '250px', min: '150px', max: '520px' }, { size: 100 }] as const
const GRAPH_SIDES = [
  { size: 38, min: 15 },
  { size: 62, min: 25 },
] as const

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
      <div className={classes.split}>
        <RememberedSplit name="run-tree" label="Width of the list of steps" sides={TREE_SIDES}>
          <RunTree stages={stages} selectedId={selectedId} onSelect={select} />
          {isGraphShown ? (
            <RememberedSplit name="run-graph" label="Height of the graph" orientation="vertical" sides={GRAPH_SIDES}>
              <LazyPipelineGraph
                label="Graph of the run; arrow keys choose a step"
                stages={stages}
                selectedId={selectedId}
                onSelect={select}
              />
              {panel}
            </RememberedSplit>
          ) : (
            panel
          )}
        </RememberedSplit>
      </div>
    </Page>
  )
}
