import type { GraphNode } from '@sluice/contracts/execution-graph'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usePaths } from '../../api/project.ts'
import { CopyButton } from '../../design/copy-button.tsx'
import { DataTable } from '../../design/data-table.tsx'
import { Facts } from '../../design/page.tsx'
import { EmptyState } from '../../design/states.tsx'
import { StatusBadge } from '../../design/status-mark.tsx'
import { changesetLook } from '../../design/status.ts'
import classes from './output-tab.module.css'
import { NotYet } from './not-yet.tsx'
import { type AppliedChangeset, changesetsOf, databaseOf, outputsOf } from './step-facts.ts'
import { useShownCount } from './use-shown-count.tsx'

/** Names of known outputs for people, in the order in which they are shown. */
const NAMES: Record<string, string> = {
  deployedCount: 'Deployed now',
  failedCount: 'Failed',
  pendingCount: 'Still pending',
  changeSetCount: 'Changesets to run',
  skippedCount: 'Passed over',
  preStartTag: 'Tag before it began',
  planHash: 'Plan',
  commit: 'Commit',
}
/** Shown elsewhere: as a table, and on the tab with the plan. */
const SHOWN_ELSEWHERE = new Set(['ChangeSets', 'sqlCommands'])

/** What the step came to: counts, tags, and each changeset that it ran. */
export function OutputTab({ node }: { node: GraphNode }) {
  const outputs = outputsOf(node)
  const database = databaseOf(node)
  const paths = usePaths()
  const changesets = changesetsOf(node)
  const names = Object.keys(NAMES).filter((name) => name in outputs)
  names.push(...Object.keys(outputs).filter((name) => !(name in NAMES) && !SHOWN_ELSEWHERE.has(name)))
  if (names.length === 0 && changesets === undefined) {
    if (node.failureInfo !== null) return null
    if (node.startTs === null) return <NotYet node={node} what="Its output" />
    return <EmptyState title="No output yet">What the step comes to shows here when it ends.</EmptyState>
  }
  const facts = names.map((name) => [NAMES[name] ?? name, valueOf(outputs[name])] as const)
  return (
    <div className={classes.output}>
      <Facts
        rows={
          database === undefined
            ? facts
            : [
                [
                  'Database',
                  <Link key="database" to={paths.instance(database.schema, database.instance)} className={classes.link}>
                    {database.schema} / {database.instance}
                  </Link>,
                ],
                ...facts,
              ]
        }
      />
      {changesets === undefined ? null : <Changesets changesets={changesets} />}
    </div>
  )
}

function Changesets({ changesets }: { changesets: readonly AppliedChangeset[] }) {
  const { shown, more } = useShownCount(changesets.length)
  return (
    <>
      <DataTable
        label="Changesets that ran"
        rows={changesets.slice(0, shown)}
        rowKey={({ id, author, filePath }) => `${filePath}::${id}::${author}`}
        empty={<EmptyState title="Nothing to run">The database was up to date.</EmptyState>}
        columns={[
          {
            key: 'order',
            header: 'Order',
            width: 70,
            align: 'right',
            cell: ({ orderExecuted }) => orderExecuted ?? '–',
          },
          {
            key: 'changeset',
            header: 'Changeset',
            cell: ({ id, author }) => (
              <>
                <strong className={classes.id}>{id}</strong> <span className={classes.dim}>by {author}</span>
              </>
            ),
          },
          { key: 'file', header: 'File', cell: ({ filePath }) => <code className={classes.dim}>{filePath}</code> },
          { key: 'status', header: 'Status', width: 130, cell: ({ status }) => <Status status={status} /> },
          { key: 'tag', header: 'Tag', width: 140, cell: ({ tag }) => (tag === undefined ? null : <code>{tag}</code>) },
        ]}
      />
      {more}
    </>
  )
}

function Status({ status }: { status: string }) {
  return <StatusBadge look={changesetLook(status === 'failed' ? 'failed' : 'ran-now')} />
}

function valueOf(value: unknown): ReactNode {
  if (value === null || value === undefined || value === '') return <span className={classes.dim}>none</span>
  if (typeof value === 'number') return value.toLocaleString()
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return (
    <span className={classes.value}>
      <code>{text}</code>
      <CopyButton value={text} label="Copy value" />
    </span>
  )
}
