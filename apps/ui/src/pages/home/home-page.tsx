import { Button } from '@mantine/core'
import { IconDatabase } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { executionsQuery, useExecutionsStream } from '../../api/executions.ts'
import { pipelinesQuery } from '../../api/pipelines.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { schemasQuery } from '../../api/schemas.ts'
import { LiveMark } from '../../design/live-mark.tsx'
import { Page } from '../../design/page.tsx'
import { EmptyState } from '../../design/states.tsx'
import { RunDialog } from '../../run/run-dialog.tsx'
import { ExecutionsTable } from '../executions/executions-table.tsx'
import { GettingStarted } from './getting-started.tsx'
import classes from './home-page.module.css'
import { NeedsMe } from './needs-me.tsx'
import { PipelinesPanel, type Runnable } from './pipelines-panel.tsx'

const RECENT = 8
const SCHEMAS_SHOWN = 20
const PIPELINES_SHOWN = 20

/** What needs you, what runs, what ran. */
export function HomePage() {
  const scope = useProject()
  const { org, project } = scope
  const paths = usePaths()
  const stream = useExecutionsStream(scope)
  const runs = useQuery(executionsQuery(scope, { pageIndex: 0, pageSize: RECENT }))
  const pipelines = useQuery(pipelinesQuery(scope, { pageIndex: 0, pageSize: PIPELINES_SHOWN }))
  const schemas = useQuery(schemasQuery({ org, project }, { search: '', page: 0, limit: SCHEMAS_SHOWN }))
  const [running, setRunning] = useState<Runnable>()
  const progress = {
    hasSchema: schemas.data === undefined ? undefined : schemas.data.total > 0,
    pipeline: pipelines.data?.content[0],
    hasPipeline: pipelines.data === undefined ? undefined : pipelines.data.totalItems > 0,
    hasRun: runs.data === undefined ? undefined : runs.data.totalItems > 0,
  }
  const isNew = progress.hasSchema === false || progress.hasPipeline === false || progress.hasRun === false
  return (
    <Page
      title="Home"
      subtitle={<LiveMark state={stream} label="Runs show here as they happen" />}
      actions={
        <Button component={Link} to={paths.connect} leftSection={<IconDatabase size={15} />}>
          Connect a database
        </Button>
      }
    >
      {isNew ? <GettingStarted {...progress} onRun={setRunning} /> : null}
      <div className={classes.columns}>
        <div className={classes.main}>
          <NeedsMe scope={scope} pipelines={pipelines} schemas={schemas} />
          <div className={classes.recent}>
            <h2>Recent runs</h2>
            <Link to={paths.executions} className={classes.all}>
              All runs
            </Link>
          </div>
          <ExecutionsTable
            label="Recent runs"
            isNarrow
            runs={runs.data?.content}
            error={runs.data === undefined ? (runs.error ?? undefined) : undefined}
            onRetry={() => void runs.refetch()}
            empty={
              <EmptyState title="Nothing has run yet">Run a pipeline, and it shows here while it goes.</EmptyState>
            }
          />
        </div>
        <PipelinesPanel pipelines={pipelines} onRun={setRunning} />
      </div>
      {running === undefined ? null : <RunDialog {...running} onClose={() => setRunning(undefined)} />}
    </Page>
  )
}
