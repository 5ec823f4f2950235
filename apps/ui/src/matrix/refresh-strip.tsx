import { CloseButton } from '@mantine/core'
import type { FollowedRequest } from '../api/database-request.ts'
import { FailureNote, sentenceOf } from '../design/states.tsx'
import { StatusMark } from '../design/status-mark.tsx'
import type { StatusLook } from '../design/status.ts'
import { Duration, durationText } from '../design/time.tsx'
import { countWords } from './count-marks.tsx'
import { phaseRows } from '../connection/phase-rows.ts'
import classes from './refresh-strip.module.css'
import { BASELINE_PHASES, PHASE_NAMES, REFRESH_PHASES } from './request-phases.ts'

interface RefreshStripProps {
  byInstance: Record<string, FollowedRequest>
  nameOf: (instance: string) => string
  isRunning: boolean
  onClose: () => void
}

const RUNNING: StatusLook = { label: 'Looking', tone: 'running', shape: 'spinner' }
const WORKED: StatusLook = { label: 'Read', tone: 'success', shape: 'check' }
const FAILED: StatusLook = { label: 'Failed', tone: 'failure', shape: 'cross' }

function lookOf({ request, error }: FollowedRequest): StatusLook {
  if (error !== undefined || request?.status === 'FAILURE') return FAILED
  return request?.status === 'SUCCESS' ? WORKED : RUNNING
}

/** Looks at databases, one line each: phases while they come, what was found, or why it failed. */
export function RefreshStrip({ byInstance, nameOf, isRunning, onClose }: RefreshStripProps) {
  const entries = Object.entries(byInstance)
  if (entries.length === 0) return null
  const done = entries.filter(([, followed]) => lookOf(followed) !== RUNNING).length
  const failed = entries.filter(([, followed]) => lookOf(followed) === FAILED).length
  return (
    <section className={classes.strip} aria-label="Looks at the databases" aria-busy={isRunning}>
      <div className={classes.head} aria-live="polite">
        <span>
          {isRunning
            ? `Looking at ${entries.length} ${entries.length === 1 ? 'database' : 'databases'}: ${done} done`
            : `Looked at ${entries.length} ${entries.length === 1 ? 'database' : 'databases'}${failed === 0 ? '' : `, ${failed} failed`}`}
        </span>
        <CloseButton size="sm" aria-label="Close" disabled={isRunning} onClick={onClose} />
      </div>
      <div className={classes.list}>
        {entries.map(([instance, followed]) => (
          <RequestLine key={instance} name={nameOf(instance)} followed={followed} />
        ))}
      </div>
    </section>
  )
}

function RequestLine({ name, followed }: { name: string; followed: FollowedRequest }) {
  const { request, error } = followed
  const look = lookOf(followed)
  const rows = phaseRows(
    request?.kind === 'baseline' ? BASELINE_PHASES : REFRESH_PHASES,
    request?.phases ?? [],
    request?.status ?? 'RUNNING',
  )
  return (
    <div className={classes.line}>
      <StatusMark look={look} />
      <strong>{name}</strong>
      <div className={classes.words}>
        {request?.counts === undefined ? null : <div>{countWords(request.counts)}</div>}
        {request?.markedCount === undefined ? null : (
          <div>{request.markedCount.toLocaleString()} changesets are marked as deployed now. None of them ran.</div>
        )}
        <div className={classes.phases}>
          {rows
            .filter(({ state }) => state !== 'notReached')
            .map((row) => (
              <span key={row.phase} data-state={row.state} title={row.message}>
                {PHASE_NAMES[row.phase]}
                {row.durationMs === undefined ? '' : ` ${durationText(row.durationMs)}`}
              </span>
            ))}
        </div>
        {request?.status === 'RUNNING' && request.delegateName === undefined && request.waitingFor !== undefined ? (
          <div className={classes.dim}>{request.waitingFor}</div>
        ) : null}
        {error !== undefined ? (
          <FailureNote error={error} />
        ) : request?.error === undefined ? null : (
          <div className={classes.failure} role="alert">
            {request.error.message} <code>{request.error.code}</code>
          </div>
        )}
      </div>
      <span className={classes.dim}>
        {request?.delegateName}{' '}
        {request === undefined ? null : <Duration startedAt={request.startedAt} endedAt={request.finishedAt} />}
        {error === undefined ? null : <span className="s-visually-hidden">{sentenceOf(error)}</span>}
      </span>
    </div>
  )
}
