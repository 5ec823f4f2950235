import { Button } from '@mantine/core'
import { IconServer2 } from '@tabler/icons-react'
import { useState } from 'react'
import type { Delegate } from '../../api/delegates.ts'
import { scopeText } from '../../api/reference.ts'
import { Dim, TwoLines } from '../../design/cell.tsx'
import { DataTable } from '../../design/data-table.tsx'
import { EmptyState } from '../../design/states.tsx'
import { StatusBadge } from '../../design/status-mark.tsx'
import { TagList } from '../../design/tags.tsx'
import { Ago } from '../../design/time.tsx'
import classes from './delegates.module.css'
import { delegateLook, shownDelegates } from './delegate-look.ts'

const PAGE_SIZE = 50

interface DelegatesTableProps {
  delegates: readonly Delegate[] | undefined
  error: unknown
  onRetry: () => void
  term: string
  onInstall: () => void
}

/** Delegates as they are right now. The stream sends all of them, so pages are cut here. */
export function DelegatesTable({ delegates, error, onRetry, term, onInstall }: DelegatesTableProps) {
  const [pageIndex, setPageIndex] = useState(0)
  const shown = delegates === undefined ? undefined : shownDelegates(delegates, term)
  const lastPage = Math.max(0, Math.ceil((shown?.length ?? 0) / PAGE_SIZE) - 1)
  const page = Math.min(pageIndex, lastPage)
  return (
    <div className={classes.below}>
      <DataTable
        label="Delegates"
        isTwoLine
        rows={shown?.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE)}
        error={error}
        onRetry={onRetry}
        rowKey={(delegate) => delegate.identifier}
        empty={
          term === '' ? (
            <EmptyState
              icon={<IconServer2 size={26} stroke={1.6} />}
              title="No delegates yet"
              action={<Button onClick={onInstall}>Install one</Button>}
            >
              A delegate is a small program beside your databases. It calls Sluice, never the other way round, and runs
              what pipelines ask for.
            </EmptyState>
          ) : (
            <EmptyState title={`No delegate has “${term}” in its name, tags or host`} />
          )
        }
        columns={[
          {
            key: 'name',
            header: 'Name',
            width: 190,
            cell: (delegate) => (
              <TwoLines first={<strong>{delegate.name}</strong>} second={delegate.host ?? delegate.identifier} />
            ),
          },
          {
            key: 'status',
            header: 'Status',
            width: 150,
            cell: (delegate) => <StatusBadge look={delegateLook(delegate)} />,
          },
          {
            key: 'heartbeat',
            header: 'Heartbeat',
            width: 120,
            cell: ({ lastHeartbeatAt }) =>
              lastHeartbeatAt === undefined ? <Dim>never</Dim> : <Ago at={lastHeartbeatAt} />,
          },
          { key: 'load', header: 'Tasks', width: 110, cell: (delegate) => <Load delegate={delegate} /> },
          {
            key: 'tags',
            header: 'Tags',
            cell: ({ tags }) => <TagList tags={tags} />,
          },
          {
            key: 'where',
            header: 'Runs in',
            width: 200,
            cell: ({ inContainer, runtimes }) => (
              <TwoLines
                first={inContainer === undefined ? '–' : inContainer ? 'a container' : 'a machine'}
                second={`pods as ${runtimes.join(', ')}`}
              />
            ),
          },
          {
            key: 'version',
            header: 'Version',
            width: 100,
            cell: ({ version }) => (version === undefined ? <Dim>–</Dim> : <code>{version}</code>),
          },
          {
            key: 'token',
            header: 'Token',
            width: 140,
            cell: (delegate) => (
              <TwoLines first={delegate.tokenName ?? <Dim>deleted</Dim>} second={scopeText(delegate)} />
            ),
          },
        ]}
        paging={
          lastPage === 0
            ? undefined
            : { pageIndex: page, pageSize: PAGE_SIZE, total: shown?.length ?? 0, onPage: setPageIndex }
        }
      />
    </div>
  )
}

/** Tasks that run, of as many as it takes at once. */
function Load({ delegate: { runningTasks, capacity } }: { delegate: Delegate }) {
  const share = capacity === 0 ? 0 : Math.min(1, runningTasks / capacity)
  return (
    <span className={classes.load} title={`${runningTasks} of ${capacity} at once`}>
      <span>
        {runningTasks} / {capacity}
      </span>
      <span className={classes.bar} aria-hidden>
        <span style={{ width: `${share * 100}%` }} />
      </span>
    </span>
  )
}
