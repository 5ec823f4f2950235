import { Button } from '@mantine/core'
import { IconFilterOff, IconPlayerPlay } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { executionsQuery, useExecutionsStream } from '../../api/executions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { LiveMark } from '../../design/live-mark.tsx'
import { Page } from '../../design/page.tsx'
import { EmptyState } from '../../design/states.tsx'
import { useNow } from '../../design/use-now.ts'
import { ExecutionFiltersBar } from './execution-filters.tsx'
import { ExecutionsTable } from './executions-table.tsx'
import { type ExecutionsSearch, filtersOf, isFiltered, PAGE_SIZE } from './search.ts'

const routeApi = getRouteApi('/signed-in/orgs/$org/projects/$project/executions')
const MINUTE_MS = 60_000

/** Every run of the project, newest first, as it happens. */
export function ExecutionsPage() {
  const scope = useProject()
  const search = routeApi.useSearch()
  const navigate = routeApi.useNavigate()
  const now = useNow(MINUTE_MS)
  const stream = useExecutionsStream(scope)
  const { data, error, refetch, isPlaceholderData } = useQuery(executionsQuery(scope, filtersOf(search, now)))
  const pageIndex = (search.page ?? 1) - 1
  const show = (changed: Partial<ExecutionsSearch>, replace = true): void => {
    void navigate({ search: (before) => ({ ...before, page: undefined, ...changed }), replace })
  }
  const lastPage = Math.max(1, Math.ceil((data?.totalItems ?? 0) / PAGE_SIZE))
  const isBeyond = data !== undefined && !isPlaceholderData && pageIndex + 1 > lastPage
  useEffect(() => {
    if (isBeyond) void navigate({ search: (before) => ({ ...before, page: lastPage }), replace: true })
  }, [isBeyond, lastPage, navigate])
  return (
    <Page
      title="Executions"
      subtitle={<LiveMark state={stream} label="Live: what runs shows here by itself" />}
      toolbar={<ExecutionFiltersBar search={search} onChange={show} />}
    >
      <ExecutionsTable
        label="Executions"
        runs={data?.content}
        error={data === undefined ? (error ?? undefined) : undefined}
        onRetry={() => void refetch()}
        isStale={isPlaceholderData}
        empty={isFiltered(search) ? <NothingMatches onClear={() => void navigate({ search: {} })} /> : <NothingRan />}
        paging={{
          pageIndex,
          pageSize: PAGE_SIZE,
          total: data?.totalItems ?? 0,
          onPage: (index) => show({ page: index === 0 ? undefined : index + 1 }, false),
        }}
      />
    </Page>
  )
}

function NothingMatches({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState
      icon={<IconFilterOff size={26} stroke={1.6} />}
      title="No run matches these filters"
      action={
        <Button variant="default" onClick={onClear}>
          Show all runs
        </Button>
      }
    >
      There are runs in this project, but none is like that.
    </EmptyState>
  )
}

function NothingRan() {
  const paths = usePaths()
  return (
    <EmptyState
      icon={<IconPlayerPlay size={26} stroke={1.6} />}
      title="Nothing has run yet"
      action={
        <Button component={Link} to={paths.pipelines}>
          Go to pipelines
        </Button>
      }
    >
      Run a pipeline, and it shows here while it goes: step by step, with its log, the SQL it runs and what it changed.
    </EmptyState>
  )
}
