import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { DataTable } from '../../design/data-table.tsx'
import { Page } from '../../design/page.tsx'
import { EmptyState } from '../../design/states.tsx'
import { StatusBadge } from '../../design/status-mark.tsx'
import { runLook } from '../../design/status.ts'
import { Ago } from '../../design/time.tsx'

export function HomePage() {
  const { query } = useProject()
  const paths = usePaths()
  const runs = useQuery({
    queryKey: ['executions', query, 'recent'],
    queryFn: ({ signal }) => call('listExecutions', { query: { ...query, pageSize: 10 } }, { signal }),
  })
  return (
    <Page title="Home">
      <DataTable
        label="Recent runs"
        rows={runs.data?.content}
        error={runs.error ?? undefined}
        onRetry={() => void runs.refetch()}
        rowKey={(run) => run.planExecutionId}
        empty={<EmptyState title="Nothing has run yet">Run a pipeline, and it shows here while it goes.</EmptyState>}
        columns={[
          {
            key: 'name',
            header: 'Run',
            cell: (run) => (
              <Link to={paths.execution(run.planExecutionId)}>
                {run.name} #{run.runSequence}
              </Link>
            ),
          },
          { key: 'status', header: 'Status', width: 180, cell: (run) => <StatusBadge look={runLook(run.status)} /> },
          { key: 'started', header: 'Started', width: 140, cell: (run) => <Ago at={run.startTs} /> },
        ]}
      />
    </Page>
  )
}
