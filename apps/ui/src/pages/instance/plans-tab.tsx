import { Drawer } from '@mantine/core'
import { IconListCheck } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, callList } from '../../api/call.ts'
import { usePaths } from '../../api/project.ts'
import type { InstanceAddress } from '../../api/schemas.ts'
import { DataTable } from '../../design/data-table.tsx'
import { Facts } from '../../design/page.tsx'
import { SqlView } from '../../design/sql-view.tsx'
import { EmptyState, FailedState, LoadingRows } from '../../design/states.tsx'
import { Ago, dateText } from '../../design/time.tsx'
import classes from './plans-tab.module.css'

const PAGE_SIZE = 20

interface PlansTabProps {
  address: InstanceAddress
  /** Hash of the plan that is open. */
  opened: string | undefined
  onOpen: (hash: string | undefined) => void
}

/** What previews computed for this database, newest first. */
export function PlansTab({ address, opened, onOpen }: PlansTabProps) {
  const paths = usePaths()
  const [page, setPage] = useState(0)
  const plans = useQuery({
    queryKey: ['plans', address, page],
    queryFn: ({ signal }) => callList('listPlans', { params: address, query: { page, limit: PAGE_SIZE } }, { signal }),
    placeholderData: keepPreviousData,
  })
  return (
    <>
      <DataTable
        label="Plans"
        rows={plans.data?.items}
        error={plans.error ?? undefined}
        onRetry={() => void plans.refetch()}
        isStale={plans.isPlaceholderData}
        rowKey={(plan) => plan.attemptId}
        onOpen={(plan) => onOpen(plan.hash)}
        isSelected={(plan) => plan.hash === opened}
        empty={
          <EmptyState icon={<IconListCheck size={26} stroke={1.6} />} title="No plans yet">
            A preview step of a pipeline computes one: the exact SQL, before it runs.
          </EmptyState>
        }
        columns={[
          {
            key: 'hash',
            header: 'Plan',
            width: 180,
            cell: (plan) => (
              <button type="button" className={classes.open} onClick={() => onOpen(plan.hash)}>
                <code>{plan.hash.slice(0, 16)}</code>
              </button>
            ),
          },
          { key: 'changesets', header: 'Changesets', width: 110, align: 'right', cell: (plan) => plan.changeSetCount },
          { key: 'statements', header: 'Statements', width: 110, align: 'right', cell: (plan) => plan.statementCount },
          {
            key: 'commit',
            header: 'Commit',
            width: 140,
            cell: (plan) => <code>{plan.commit?.slice(0, 12) ?? '–'}</code>,
          },
          {
            key: 'run',
            header: 'Run',
            cell: (plan) => <Link to={paths.execution(plan.planExecutionId)}>{plan.pipeline}</Link>,
          },
          { key: 'created', header: 'Computed', width: 140, cell: (plan) => <Ago at={plan.created} /> },
        ]}
        paging={{ pageIndex: page, pageSize: PAGE_SIZE, total: plans.data?.total ?? 0, onPage: setPage }}
      />
      {opened === undefined ? null : <PlanDrawer address={address} hash={opened} onClose={() => onOpen(undefined)} />}
    </>
  )
}

/** A plan with its statements. */
function PlanDrawer({ address, hash, onClose }: { address: InstanceAddress; hash: string; onClose: () => void }) {
  const paths = usePaths()
  const plan = useQuery({
    queryKey: ['plans', 'one', address, hash],
    queryFn: ({ signal }) => call('getPlan', { params: { ...address, hash } }, { signal }),
  })
  return (
    <Drawer opened onClose={onClose} size={680} title={`Plan ${hash.slice(0, 16)}`}>
      {plan.data === undefined ? (
        plan.error === null ? (
          <LoadingRows />
        ) : (
          <FailedState error={plan.error} onRetry={() => void plan.refetch()} />
        )
      ) : (
        <div className={classes.plan}>
          <Facts
            rows={[
              ['Computed', dateText(plan.data.created)],
              ['Changelog', <code key="path">{plan.data.changelogPath ?? plan.data.plan.changelog.path}</code>],
              ['Commit', <code key="commit">{plan.data.commit ?? '–'}</code>],
              [
                'Run',
                <Link key="run" to={paths.execution(plan.data.planExecutionId)}>
                  {plan.data.pipeline}
                </Link>,
              ],
            ]}
          />
          {plan.data.plan.steps.length === 0 ? <p>Nothing was pending: it has no statements.</p> : null}
          {plan.data.plan.steps.map(({ changeSet, statements }) => (
            <section key={`${changeSet.filePath} ${changeSet.author} ${changeSet.id}`}>
              <h3>
                {changeSet.id}
                <small>
                  {changeSet.author} · {changeSet.filePath}
                </small>
              </h3>
              <SqlView
                sql={statements.map(({ sql }) => (sql.trimEnd().endsWith(';') ? sql : `${sql};`)).join('\n\n')}
                label={`SQL of ${changeSet.id}`}
              />
            </section>
          ))}
        </div>
      )}
    </Drawer>
  )
}
