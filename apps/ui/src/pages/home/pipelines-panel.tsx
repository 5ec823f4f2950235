import type { PipelineSummary } from '@sluice/contracts/pipelines'
import { IconPlayerPlay } from '@tabler/icons-react'
import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMay } from '../../api/permissions.ts'
import { usePaths } from '../../api/project.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Panel } from '../../design/page.tsx'
import { EmptyState, FailedState, LoadingRows } from '../../design/states.tsx'
import { LastRuns } from '../pipelines/last-runs.tsx'
import classes from './pipelines-panel.module.css'

export interface Runnable {
  identifier: string
  name: string
}

interface PipelinesPanelProps {
  pipelines: UseQueryResult<{ content: PipelineSummary[]; totalItems: number }>
  onRun: (pipeline: Runnable) => void
}

/** Pipelines with their last runs, each a click away from running again. */
export function PipelinesPanel({ pipelines, onRun }: PipelinesPanelProps) {
  const paths = usePaths()
  const may = useMay('core_pipeline_execute')
  const { data, error, refetch } = pipelines
  return (
    <Panel
      title="Pipelines"
      isFlush
      actions={
        <Link to={paths.pipelines} className={classes.all}>
          {data === undefined ? 'All' : `All ${data.totalItems.toLocaleString()}`}
        </Link>
      }
    >
      {data === undefined && error !== null ? <FailedState error={error} onRetry={() => void refetch()} /> : null}
      {data === undefined && error === null ? <LoadingRows rows={3} /> : null}
      {data?.content.length === 0 ? (
        <EmptyState title="No pipelines yet">Connecting a database makes the first one.</EmptyState>
      ) : null}
      <ul className={classes.list}>
        {data?.content.map(({ identifier, name, recentExecutions }) => (
          <li key={identifier}>
            <div className={classes.words}>
              <Link to={paths.pipeline(identifier)}>{name}</Link>
              <LastRuns runs={recentExecutions ?? []} name={name} />
            </div>
            <GuardedButton
              may={may}
              variant="default"
              size="compact-xs"
              leftSection={<IconPlayerPlay size={13} />}
              aria-label={`Run ${name}`}
              onClick={() => onRun({ identifier, name })}
            >
              Run
            </GuardedButton>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
