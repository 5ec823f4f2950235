import type { ExecutionSummary } from '@sluice/contracts/pipelines'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usePaths } from '../../api/project.ts'
import { type Column, DataTable, type Paging } from '../../design/data-table.tsx'
import { StatusBadge } from '../../design/status-mark.tsx'
import { isFinal, runLook } from '../../design/status.ts'
import { Ago, Duration } from '../../design/time.tsx'
import classes from './executions-table.module.css'

interface ExecutionsTableProps {
  label: string
  runs: readonly ExecutionSummary[] | undefined
  empty: ReactNode
  error?: unknown
  onRetry?: () => void
  isStale?: boolean
  /** Without who started it, where there is little room. */
  isNarrow?: boolean
  paging?: Paging
}

/** Runs as rows: what it is, how it went, who, when and how long. */
export function ExecutionsTable({ runs, isNarrow = false, ...rest }: ExecutionsTableProps) {
  const paths = usePaths()
  const navigate = useNavigate()
  const columns: Column<ExecutionSummary>[] = [
    {
      key: 'run',
      header: 'Run',
      cell: (run) => (
        <div className={classes.run}>
          <Link to={paths.execution(run.planExecutionId)}>
            {run.name} <span className={classes.number}>#{run.runSequence}</span>
          </Link>
          {run.failureInfo === undefined ? null : (
            <span className={classes.failure} title={run.failureInfo.message}>
              {run.failureInfo.message}
            </span>
          )}
        </div>
      ),
    },
    { key: 'status', header: 'Status', width: 170, cell: (run) => <StatusBadge look={runLook(run.status)} /> },
    {
      key: 'by',
      header: 'Started by',
      width: 170,
      cell: ({ executionTriggerInfo: { triggeredBy } }) => <span className={classes.dim}>{triggeredBy.name}</span>,
    },
    {
      key: 'started',
      header: 'Started',
      width: 120,
      cell: (run) => (
        <span className={classes.dim}>
          <Ago at={run.startTs} />
        </span>
      ),
    },
    {
      key: 'duration',
      header: 'Duration',
      width: 110,
      align: 'right',
      cell: (run) => (
        <Duration startedAt={run.startTs} endedAt={isFinal(run.status) ? (run.endTs ?? run.startTs) : undefined} />
      ),
    },
  ]
  return (
    <DataTable
      {...rest}
      rows={runs}
      rowKey={(run) => run.planExecutionId}
      columns={isNarrow ? columns.filter(({ key }) => key !== 'by') : columns}
      onOpen={(run) => void navigate({ to: paths.execution(run.planExecutionId) })}
    />
  )
}
