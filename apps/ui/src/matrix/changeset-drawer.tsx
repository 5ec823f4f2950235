import { Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { changesetQuery } from '../api/changeset.ts'
import { ApiProblem } from '../api/problem.ts'
import { usePaths } from '../api/project.ts'
import type { SchemaAddress } from '../api/schemas.ts'
import { CopyButton } from '../design/copy-button.tsx'
import { Facts } from '../design/page.tsx'
import { SqlView } from '../design/sql-view.tsx'
import { FailureNote, LoadingRows } from '../design/states.tsx'
import { StatusBadge } from '../design/status-mark.tsx'
import { changesetLook } from '../design/status.ts'
import { dateText } from '../design/time.tsx'
import classes from './changeset-drawer.module.css'
import { type ChangesetKey, type MatrixCell, matrixRowQuery } from './matrix-data.ts'

interface ChangesetDrawerProps {
  address: SchemaAddress
  changeset: ChangesetKey
  instance: string
  onClose: () => void
}

const SEEN_BY: Record<MatrixCell['provenance']['seenBy'], string> = {
  preview: 'a preview',
  apply: 'our own run',
  refresh: 'a look at the database',
  baseline: 'a baseline',
}
const SOURCES: Record<MatrixCell['provenance']['source'], string> = {
  history: "The database's history table",
  run: 'What the run did',
  changelog: 'The changelog: the history has no row of it',
}

/** A changeset in one database: how it stands there, how we know, and what it does. */
export function ChangesetDrawer({ address, changeset, instance, onClose }: ChangesetDrawerProps) {
  const text = useQuery(changesetQuery(address, changeset, instance))
  const row = useQuery(matrixRowQuery(address, changeset, instance))
  const cell = row.data?.instances.find((one) => one.instance === instance)
  const isTextUnknown = text.error instanceof ApiProblem && text.error.status === 404
  return (
    <Drawer
      opened
      onClose={onClose}
      size={580}
      withOverlay={false}
      lockScroll={false}
      closeOnClickOutside={false}
      title={changeset.id}
      classNames={{ content: classes.drawer, title: classes.title }}
    >
      <div className={classes.content}>
        {cell === undefined ? (
          row.isPending ? (
            <LoadingRows rows={5} height={18} />
          ) : (
            <FailureNote error={row.error ?? NOT_THERE} />
          )
        ) : (
          <>
            <div className={classes.state}>
              <StatusBadge look={changesetLook(cell.state)} />
              <span>on {instance}</span>
            </div>
            <p className={classes.hint}>{changesetLook(cell.state).hint}.</p>
            {cell.error === undefined ? null : <pre className={classes.error}>{cell.error}</pre>}
            <Facts rows={factsOf(changeset, cell, text.data)} />
          </>
        )}
        <h3>SQL</h3>
        {text.data === undefined ? (
          isTextUnknown ? (
            <p className={classes.hint}>Not known yet. Look at the databases once more, and it shows here.</p>
          ) : text.error === null ? (
            <LoadingRows rows={4} height={16} />
          ) : (
            <FailureNote error={text.error} onRetry={() => void text.refetch()} />
          )
        ) : (
          <>
            {text.data.sql.trim() === '' ? (
              <p className={classes.hint}>It has no SQL for this database.</p>
            ) : (
              <SqlView sql={text.data.sql} label="SQL of the changeset" isTruncated={text.data.truncated} />
            )}
            <h3>Rollback</h3>
            {text.data.rollbackSql === undefined || text.data.rollbackSql.trim() === '' ? (
              <p className={classes.hint}>It says no way back.</p>
            ) : (
              <SqlView
                sql={text.data.rollbackSql}
                label="SQL that takes it back"
                isTruncated={text.data.rollbackTruncated}
              />
            )}
          </>
        )}
      </div>
    </Drawer>
  )
}

const NOT_THERE = new ApiProblem({
  code: 'ENTITY_NOT_FOUND',
  status: 404,
  message: 'This changeset is not in the matrix any more. Look at the databases again.',
})

type Fact = readonly [string, ReactNode]

function factsOf(
  changeset: ChangesetKey,
  cell: MatrixCell,
  text:
    | {
        comment?: string
        labels?: string
        context?: string
        checksum?: string
        storedChecksum?: string
        statementCount: number
        runAlways: boolean
        runOnChange: boolean
        runInTransaction: boolean
      }
    | undefined,
): Fact[] {
  const when = cell.orderExecuted === undefined ? 'Seen' : 'Ran'
  const stored = text?.storedChecksum ?? cell.checksum
  const differs = text?.checksum !== undefined && stored !== undefined && text.checksum !== stored
  const switches = [
    text?.runAlways === true ? 'runs always' : undefined,
    text?.runOnChange === true ? 'runs again when changed' : undefined,
    text?.runInTransaction === false ? 'outside a transaction' : undefined,
  ].filter((word) => word !== undefined)
  return [
    ['Author', changeset.author],
    ['File', <FileName key="file" path={changeset.file} />],
    ...(text?.comment === undefined ? [] : [['Comment', text.comment] satisfies Fact]),
    [when, dateText(cell.updated)],
    ...(cell.orderExecuted === undefined
      ? []
      : [['Order', `${cell.orderExecuted.toLocaleString()} in its history`] satisfies Fact]),
    ...(cell.tag === undefined ? [] : [['Tag', <code key="tag">{cell.tag}</code>] satisfies Fact]),
    ...(differs
      ? [
          ['Checksum, changelog', <code key="now">{text.checksum}</code>] satisfies Fact,
          ['Checksum, database', <code key="then">{stored}</code>] satisfies Fact,
        ]
      : stored === undefined && text?.checksum === undefined
        ? []
        : [['Checksum', <code key="sum">{stored ?? text?.checksum}</code>] satisfies Fact]),
    ...(text?.context === undefined ? [] : [['Context', <code key="context">{text.context}</code>] satisfies Fact]),
    ...(text?.labels === undefined ? [] : [['Labels', <code key="labels">{text.labels}</code>] satisfies Fact]),
    ...(switches.length === 0 ? [] : [['Runs', switches.join(', ')] satisfies Fact]),
    ['Known from', <Provenance key="from" cell={cell} />],
  ]
}

function FileName({ path }: { path: string }) {
  return (
    <span className={classes.file}>
      <code>{path}</code>
      <CopyButton value={path} label="Copy path" />
    </span>
  )
}

function Provenance({ cell: { provenance } }: { cell: MatrixCell }) {
  const paths = usePaths()
  return (
    <>
      {SOURCES[provenance.source]}, read by {SEEN_BY[provenance.seenBy]} on {dateText(provenance.seenAt)}
      {provenance.planExecutionId === '' ? null : (
        <>
          {' · '}
          <Link to={paths.execution(provenance.planExecutionId)}>Run of {provenance.pipeline}</Link>
        </>
      )}
    </>
  )
}
