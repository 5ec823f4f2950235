import { Button, Tooltip } from '@mantine/core'
import { IconPlayerPlay, IconPlus, IconRoute } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useExecutionsStream } from '../../api/executions.ts'
import { useMay } from '../../api/permissions.ts'
import { pipelinesQuery } from '../../api/pipelines.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { DataTable } from '../../design/data-table.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page } from '../../design/page.tsx'
import { SearchField } from '../../design/search-field.tsx'
import { EmptyState } from '../../design/states.tsx'
import { Ago } from '../../design/time.tsx'
import { RunDialog } from '../../run/run-dialog.tsx'
import { LastRuns } from './last-runs.tsx'
import classes from './pipelines-page.module.css'
import { pipelinesRoute } from './route.ts'

const PAGE_SIZE = 20

export function PipelinesPage() {
  const scope = useProject()
  const paths = usePaths()
  const { q = '', page: pageNumber = 1 } = pipelinesRoute.useSearch()
  const page = pageNumber - 1
  const navigate = pipelinesRoute.useNavigate()
  const list = useQuery(pipelinesQuery(scope, { searchTerm: q, pageIndex: page, pageSize: PAGE_SIZE }))
  const mayEdit = useMay('core_pipeline_edit')
  const mayRun = useMay('core_pipeline_execute')
  const [running, setRunning] = useState<{ identifier: string; name: string }>()
  useExecutionsStream(scope)
  const openNew = (): void => void navigate({ to: paths.newPipeline })
  return (
    <Page
      title="Pipelines"
      actions={
        <GuardedButton may={mayEdit} leftSection={<IconPlus size={15} />} onClick={openNew}>
          New pipeline
        </GuardedButton>
      }
      toolbar={
        <SearchField
          label="Search pipelines"
          value={q}
          onSearch={(term) => void navigate({ search: term === '' ? {} : { q: term }, replace: true })}
        />
      }
    >
      <DataTable
        label="Pipelines"
        rows={list.data?.content}
        error={list.error ?? undefined}
        onRetry={() => void list.refetch()}
        isStale={list.isPlaceholderData}
        rowKey={(row) => row.identifier}
        onOpen={(row) => void navigate({ to: paths.pipeline(row.identifier) })}
        empty={
          q === '' ? (
            <EmptyState
              icon={<IconRoute size={26} stroke={1.6} />}
              title="No pipelines yet"
              action={
                <>
                  <Button component={Link} to={paths.connect}>
                    Connect a database
                  </Button>
                  <Button variant="default" component={Link} to={paths.newPipeline}>
                    Write YAML
                  </Button>
                </>
              }
            >
              A pipeline previews, approves and applies a changelog. Connecting a database makes the first one for you.
            </EmptyState>
          ) : (
            <EmptyState title={`No pipeline’s name holds “${q}”`} />
          )
        }
        columns={[
          {
            key: 'name',
            header: 'Name',
            cell: (row) => (
              <div className={classes.name}>
                <Link to={paths.pipeline(row.identifier)}>{row.name}</Link>
                <code>{row.identifier}</code>
              </div>
            ),
          },
          {
            key: 'runs',
            header: 'Last runs',
            width: 190,
            cell: (row) => <LastRuns runs={row.recentExecutions ?? []} name={row.name} />,
          },
          {
            key: 'last',
            header: 'Last run',
            width: 130,
            cell: (row) =>
              row.lastExecution === undefined ? (
                <span className={classes.dim}>Never</span>
              ) : (
                <Ago at={row.lastExecution.startedAt} />
              ),
          },
          { key: 'changed', header: 'Changed', width: 130, cell: (row) => <Ago at={row.lastUpdatedAt} /> },
          {
            key: 'run',
            header: <span className="s-visually-hidden">Run</span>,
            width: 90,
            align: 'right',
            cell: (row) => (
              <Tooltip label={`Run ${row.name}`} disabled={!mayRun.isAllowed}>
                <span>
                  <GuardedButton
                    may={mayRun}
                    variant="default"
                    size="compact-xs"
                    leftSection={<IconPlayerPlay size={13} />}
                    onClick={() => setRunning({ identifier: row.identifier, name: row.name })}
                  >
                    Run
                  </GuardedButton>
                </span>
              </Tooltip>
            ),
          },
        ]}
        paging={{
          pageIndex: page,
          pageSize: PAGE_SIZE,
          total: list.data?.totalItems ?? 0,
          onPage: (next) => void navigate({ search: (now) => ({ ...now, page: next === 0 ? undefined : next + 1 }) }),
        }}
      />
      {running === undefined ? null : <RunDialog {...running} onClose={() => setRunning(undefined)} />}
    </Page>
  )
}
