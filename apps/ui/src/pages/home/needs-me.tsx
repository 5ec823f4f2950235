import type { PipelineSummary } from '@sluice/contracts/pipelines'
import { IconCircleCheck } from '@tabler/icons-react'
import { useQueries, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { executionsQuery } from '../../api/executions.ts'
import { type ProjectScope, usePaths } from '../../api/project.ts'
import { type DbSchema, overviewQuery } from '../../api/schemas.ts'
import { Panel } from '../../design/page.tsx'
import { FailureNote, LoadingRows } from '../../design/states.tsx'
import { StatusBadge } from '../../design/status-mark.tsx'
import { Ago } from '../../design/time.tsx'
import { type Attention, blindSpots, databaseAttention, failedPipelines, openRun } from './attention.ts'
import classes from './needs-me.module.css'

interface NeedsMeProps {
  scope: ProjectScope
  pipelines: UseQueryResult<{ content: PipelineSummary[]; totalItems: number }>
  schemas: UseQueryResult<{ items: DbSchema[]; total: number }>
}

/** What goes on, what failed and was not mended, and which databases are not where their changelog is. */
export function NeedsMe({ scope, pipelines, schemas }: NeedsMeProps) {
  const { org, project } = scope
  const paths = usePaths()
  const open = useQuery(
    executionsQuery(scope, {
      statuses: ['Running', 'Discontinuing', 'ApprovalWaiting', 'InterventionWaiting', 'ResourceWaiting', 'Paused'],
      pageIndex: 0,
      pageSize: 10,
    }),
  )
  const list = schemas.data?.items ?? []
  const overviews = useQueries({
    queries: list.map(({ identifier }) => overviewQuery({ org, project, schema: identifier })),
  })
  const items: { to: string; attention: Attention }[] = [
    ...(open.data?.content ?? []).map((run) => ({ to: paths.execution(run.planExecutionId), attention: openRun(run) })),
    ...failedPipelines(pipelines.data?.content ?? []).map(({ executionId, attention }) => ({
      to: paths.execution(executionId),
      attention,
    })),
    ...overviews.flatMap(({ data }, index) => {
      const schema = list[index]
      if (schema === undefined) return []
      return (data ?? []).flatMap((instance) => {
        const attention = databaseAttention(schema.name, instance)
        return attention === undefined ? [] : [{ to: paths.instance(schema.identifier, instance.instance), attention }]
      })
    }),
  ]
  const isLoading = open.isPending || pipelines.isPending || schemas.isPending || overviews.some((one) => one.isPending)
  const failed = [open, pipelines, schemas, ...overviews].filter(({ isError }) => isError)
  const spots = blindSpots({
    schemas: { shown: list.length, total: schemas.data?.total ?? 0 },
    pipelines: { shown: pipelines.data?.content.length ?? 0, total: pipelines.data?.totalItems ?? 0 },
    runs: { shown: open.data?.content.length ?? 0, total: open.data?.totalItems ?? 0 },
    unread: overviews
      .flatMap(({ data }) => data ?? [])
      .filter(({ lastRefreshedAt, lastFailure }) => lastRefreshedAt === undefined && lastFailure === undefined).length,
  })
  const firstFailure = failed[0]
  return (
    <Panel title="Needs you" isFlush>
      {firstFailure === undefined ? null : (
        <div className={classes.failed}>
          <FailureNote
            error={firstFailure.error}
            onRetry={() => void Promise.all(failed.map(({ refetch }) => refetch()))}
          />
        </div>
      )}
      {items.length === 0 && isLoading ? <LoadingRows rows={2} /> : null}
      {items.length === 0 && !isLoading && firstFailure === undefined ? (
        <p className={classes.nothing}>
          <IconCircleCheck size={18} aria-hidden /> Nothing runs, nothing failed, and every database
          {spots.length === 0 ? '' : ' that was looked at'} is where its changelog is.
        </p>
      ) : null}
      <ul className={classes.list}>
        {items.map(({ to, attention: { key, look, title, reason, at } }) => (
          <li key={key}>
            <Link to={to} className={classes.item}>
              <span className={classes.status}>
                <StatusBadge look={look} />
              </span>
              <strong>{title}</strong>
              <span className={classes.reason}>{reason}</span>
              {at === undefined ? null : <Ago at={at} />}
            </Link>
          </li>
        ))}
      </ul>
      {isLoading || spots.length === 0 ? null : <p className={classes.spots}>{spots.join(' ')}</p>}
    </Panel>
  )
}
